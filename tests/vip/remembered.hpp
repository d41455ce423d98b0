#pragma once
// An allocator with the simplest ledger there is, and short words for talking about it in tests.

#include <doctest/doctest.h>

#include <map>
#include <meridian/vip/allocator.hpp>
#include <string>
#include <vector>

namespace meridian::vip {

inline Address address(const std::string& text) {
  return boost::asio::ip::make_address(text);
}

inline std::vector<Network> networks(const std::vector<std::string>& texts) {
  std::vector<Network> all;
  for (const auto& text : texts) all.push_back(*Network::parse(text));
  return all;
}

inline Pool pool_of(const std::vector<std::string>& cidrs, const std::vector<std::string>& excluded = {}) {
  return Pool(networks(cidrs), networks(excluded));
}

struct Remembered {
  explicit Remembered(Pool pool, Times times = {}) : vips(std::move(pool), times) {}

  // What a ledger does with a batch.
  void write(const std::vector<Change>& changes) {
    for (const auto& change : changes) {
      if (change.erase) {
        ledger.erase(change.record.address);
      } else {
        ledger[change.record.address] = change.record;
      }
    }
  }
  std::vector<std::string> commit() {
    const auto changes = vips.take_changes();
    write(changes);
    return vips.committed(changes);
  }
  std::vector<Record> records() const {
    std::vector<Record> all;
    for (const auto& [at, record] : ledger) all.push_back(record);
    return all;
  }

  // "held 245.1.2.3", "pending 245.1.2.3", "exhausted", "no pool"
  std::string assign(const std::string& host, Family family = Family::V4, std::optional<Address> pin = {}) {
    const auto got = vips.assign(host, family, pin);
    note = got.note;
    switch (got.state) {
      case Assignment::State::Held:
        return "held " + got.address.to_string();
      case Assignment::State::Pending:
        return "pending " + got.address.to_string();
      case Assignment::State::Exhausted:
        return "exhausted";
      case Assignment::State::NoPool:
        return "no pool";
    }
    return "?";
  }
  std::string pin(const std::string& host, const std::string& to) { return assign(host, Family::V4, address(to)); }
  // The address alone, after a commit.
  std::string vip(const std::string& host, Family family = Family::V4) {
    assign(host, family);
    commit();
    const auto text = assign(host, family);
    REQUIRE(text.rfind("held ", 0) == 0);
    return text.substr(5);
  }

  Allocator vips;
  std::map<Address, Record> ledger;
  std::string note;  // of the last assign
};

}  // namespace meridian::vip
