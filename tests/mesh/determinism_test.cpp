// What the model says depends on the set of entries, not on how the set came about.
#include "mesh/entries.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <meridian/mesh/merge.hpp>

using namespace meridian::mesh;
using meridian::mesh::testing::entry;
using meridian::mesh::testing::summary;

namespace {

using Random = std::mt19937;
using Slot = std::pair<unsigned, EntryKey>;  // what a source holds for a key
using Holdings = std::map<Slot, std::shared_ptr<const ServiceEntry>>;

std::size_t below(Random& random, std::size_t limit) {
  return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

// Few names, keys, addresses and days, so that everything collides with everything.
std::string random_line(Random& random) {
  static constexpr const char* kHosts[] = {"a.global", "b.global", "c.global", "*.global", "d.example"};
  static constexpr const char* kResolutions[] = {"NONE", "STATIC", "STATIC", "DNS", "DYNAMIC_DNS"};
  const auto host = [&] { return std::string(kHosts[below(random, std::size(kHosts))]); };
  const auto digit = [&](std::size_t limit) { return std::to_string(1 + below(random, limit)); };
  std::string line = "n" + digit(3) + "/e" + digit(4) + " resolution=" + kResolutions[below(random, 5)];
  line += " hosts=" + host() + "," + host();
  if (below(random, 4)) line += " created=2024-01-0" + digit(3);
  if (!below(random, 4))
    line += " addresses=240.0.0." + digit(3) + (below(random, 3) ? "" : ",10.0.0.0/8");
  else if (!below(random, 4))
    line += " written=245.0.0." + digit(3) + (below(random, 3) ? "" : ",245.0.0.9");
  if (below(random, 3))
    line += " status=240.240.0." + digit(2) + "@" + host() + ",240.240.0." + digit(3) + "@" + host();
  if (!below(random, 5)) line += " vip=245.0.0." + digit(2);
  if (!below(random, 6)) line += " allocate=false";
  if (!below(random, 3)) line += " ttl=" + digit(9) + "s";
  if (!below(random, 3)) line += " ports=p" + digit(2) + ":8" + digit(2);
  if (!below(random, 5)) line += " export=.";
  return line;
}

// A consumer that believes what take_touched() and take_literals() tell, and nothing else.
class Follower {
 public:
  void follow(Model& model) {
    for (const std::string& name : model.take_touched()) {
      if (auto host = model.host(name))
        hosts_.insert_or_assign(name, std::move(*host));
      else
        hosts_.erase(name);
    }
    const LiteralChanges changes = model.take_literals();
    for (const Address& address : changes.removed) CHECK(literals_.erase(address) == 1);
    for (const Address& address : changes.added) CHECK(literals_.insert(address).second);
  }
  const std::map<std::string, Host>& hosts() const { return hosts_; }
  const std::set<Address>& literals() const { return literals_; }

 private:
  std::map<std::string, Host> hosts_;
  std::set<Address> literals_;
};

void check_no_shared_status(const std::map<std::string, Host>& hosts) {
  std::set<Address> given;
  for (const auto& [name, host] : hosts) {
    if (host.source != AddressSource::Status) continue;
    for (const Address& address : host.addresses) CHECK(given.insert(address).second);
  }
}

}  // namespace

TEST_CASE("random changes in random order come to the same hosts and literals") {
  const Rules rules{.zones = {"global"}, .any_hosts = true, .export_to = ExportTo::PublicOnly};
  const Rules others{.zones = {"example"}, .compat = Compat::IstioCoreDns};
  for (unsigned seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Model lived(rules);
    Follower follower;
    Holdings holdings;
    for (int step = 0; step < 60; ++step) {
      const auto next = entry(random_line(random));
      const Slot slot{static_cast<unsigned>(below(random, 2)), next->key};
      if (below(random, 4)) {
        lived.put(slot.first, next);
        holdings[slot] = next;
      } else {
        lived.remove(slot.first, slot.second);
        holdings.erase(slot);
      }
      if (!below(random, 8)) lived.set_rules(below(random, 2) ? rules : others);
      if (!below(random, 5)) follower.follow(lived);
    }
    lived.set_rules(rules);
    follower.follow(lived);

    std::vector<std::pair<Slot, std::shared_ptr<const ServiceEntry>>> shuffled(holdings.begin(), holdings.end());
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    Model fresh(rules);
    for (const auto& [slot, held] : shuffled) fresh.put(slot.first, held);
    Follower reference;
    reference.follow(fresh);

    CHECK(fresh.host_names() == lived.host_names());
    CHECK(fresh.conflicts() == lived.conflicts());
    CHECK(reference.literals() == follower.literals());
    REQUIRE(reference.hosts().size() == follower.hosts().size());
    for (const auto& [name, host] : reference.hosts()) {
      CAPTURE(name);
      CAPTURE(summary(host));
      CAPTURE(summary(follower.hosts().at(name)));
      CHECK(host == follower.hosts().at(name));
    }
    check_no_shared_status(reference.hosts());
  }
}

TEST_CASE("an entry that was decoded survives being encoded") {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    Random random(seed);
    const std::string line = random_line(random);
    CAPTURE(line);
    const auto once = entry(line);
    const Decoded twice = decode(encode(*once));
    REQUIRE(twice.entry.has_value());
    CHECK(*twice.entry == *once);
    CHECK(twice.problem == "");
  }
}
