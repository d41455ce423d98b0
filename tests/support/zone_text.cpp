#include "support/zone_text.hpp"

#include <boost/asio/ip/address.hpp>
#include <cctype>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

namespace meridian::test {
namespace {

constexpr std::uint32_t kTtl = 30;

using Words = std::vector<std::string>;

Words words_of(const std::string& line) {
  std::istringstream in(line);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

dns::Name absolute(const std::string& text, std::string_view origin) {
  if (text == "@") return name_of(origin);
  return name_of(text.ends_with('.') || origin == "." ? text : text + "." + std::string(origin));
}

bool is_number(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
}

dns::RRset addresses(const Words& data) {
  std::vector<boost::asio::ip::address> list;
  for (const auto& word : data) list.push_back(boost::asio::ip::make_address(word));
  return dns::RRset::addresses(kTtl, list);
}

dns::RRset pointers(const Words& data, std::string_view origin) {
  std::vector<dns::Name> targets;
  for (const auto& word : data) targets.push_back(absolute(word, origin));
  return dns::RRset::ptr(kTtl, targets);
}

dns::RRset services(const dns::Name& owner, const Words& data, std::string_view origin) {
  std::vector<dns::RRset::Service> list;
  dns::Name target = owner;
  for (const auto& word : data) {
    if (is_number(word)) {
      list.push_back({0, 100, static_cast<std::uint16_t>(std::stoi(word))});
    } else {
      target = absolute(word, origin);
    }
  }
  const bool wildcard = target.to_text().starts_with("*.");
  return dns::RRset::srv(kTtl, list, wildcard ? nullptr : &target);
}

void add(zone::Records& records, const dns::Name& owner, const std::string& word, const Words& data,
         std::string_view origin) {
  if (word == "SRV") return records.rrsets.push_back(services(owner, data, origin));
  if (word == "PTR") return records.rrsets.push_back(pointers(data, origin));
  records.host = true;
  if (word == "A" || word == "AAAA") {
    records.rrsets.push_back(addresses(data));
  } else if (word == "META") {
    records.meta = dns::RRset::txt(kTtl, dns::Class::IN, data);
  } else if (word == "PENDING") {
    records.pending = true;
  } else if (word != "NODATA") {
    throw std::invalid_argument("no such word: " + word);
  }
}

}  // namespace

dns::Name name_of(std::string_view text) {
  const auto name = dns::Name::from_text(text);
  if (!name) throw std::invalid_argument("not a name: " + std::string(text));
  return *name;
}

zone::Spec spec_of(std::string_view apex, zone::Kind kind) {
  const std::string ns_zone = kind != zone::Kind::Owned ? ".global" : apex == "." ? "" : "." + std::string(apex);
  zone::Spec spec;
  spec.apex = name_of(apex);
  spec.kind = kind;
  spec.ns = name_of("ns.dns" + ns_zone);
  spec.hostmaster = name_of("hostmaster" + ns_zone);
  if (kind == zone::Kind::Owned) {
    spec.ns_addresses = {boost::asio::ip::make_address("192.0.2.53"), boost::asio::ip::make_address("2001:db8::53")};
  }
  return spec;
}

void put(zone::Transaction& changes, std::string_view text, std::string_view origin) {
  std::map<dns::Name, zone::Records> owners;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const Words words = words_of(line);
    if (words.empty()) continue;
    try {
      const dns::Name owner = absolute(words.at(0), origin).folded();
      add(owners[owner], owner, words.at(1), {words.begin() + 2, words.end()}, origin);
    } catch (const std::exception& e) {
      throw std::invalid_argument("line \"" + line + "\": " + e.what());
    }
  }
  for (const auto& [owner, records] : owners) {
    if (!changes.replace(owner, records)) throw std::invalid_argument("no zone takes " + owner.to_text());
  }
}

std::shared_ptr<const zone::ZoneSet> zones_from(std::string_view text, std::vector<zone::Spec> specs, bool ready) {
  zone::Transaction changes(zone::ZoneSet::create(std::move(specs), 1, 0x5eed));
  put(changes, text);
  changes.set_ready(ready);
  return changes.commit([] { return 1u; });
}

}  // namespace meridian::test
