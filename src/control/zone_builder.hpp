#pragma once
// From a host and its addresses to the names that are answered for it: A, AAAA, SRV, PTR and `_meta` TXT. Control
// thread.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <meridian/config/config.hpp>
#include <meridian/mesh/merge.hpp>
#include <meridian/zone/transaction.hpp>

#include "control/frontend.hpp"

namespace meridian::control {

// Records that one RRset is given at most. More can't be sent, over TCP neither: the shortest record, an A, takes 16
// octets of a message of 65,535.
constexpr std::size_t kMostRecords = 4095;

// Entries that `_meta.<host>` names at most.
constexpr std::size_t kMostMetaEntries = 32;

// A host as it is to be published: no more than kMostRecords addresses and ports.
struct Answerable {
  mesh::Host host;
  std::vector<boost::asio::ip::address> addresses;  // literal, status or VIP
  bool pending = false;                             // a VIP, of one family at least, is not in the ledger yet
  // For `_meta.<host>`.
  struct Entry {
    mesh::EntryKey key;
    std::string version;
  };
  std::vector<Entry> entries;  // the oldest ones, kMostMetaEntries at most
  std::string address_source;  // "literal", "status", "vip", "none"
};

class ZoneBuilder {
 public:
  // `zones`: what is published now (empty zones at the start).
  ZoneBuilder(const config::Config& config, ZonePtr zones);
  ~ZoneBuilder();

  void put(const Answerable& host);
  void remove(const std::string& host);
  void set_ready(bool ready);
  // The next ZoneSet with all that was put and removed since the last call; null if nothing changed.
  ZonePtr commit(const std::function<std::uint32_t()>& next_serial);
  const ZonePtr& zones() const { return zones_; }
  // TTL of a host's records in seconds: the smallest annotation, cut to half the quarantine, or the zone's.
  std::uint32_t ttl(const mesh::Host& host) const;

 private:
  struct Published {                               // what a host brought into the zones
    std::set<dns::Name> services;                  // owners of its SRV records by name
    std::set<boost::asio::ip::address> addresses;  // that point back to it
    std::uint32_t ttl = 0;
    bool vip = false;  // the addresses are VIPs of ours
  };
  zone::Transaction& transaction();
  bool is_host(const dns::Name& name) const;
  void put_services(const Answerable& host, const dns::Name& owner, std::uint32_t ttl, Published& published);
  void supersede(const std::string& host, Published published);
  void point_back(const boost::asio::ip::address& address);

  std::vector<config::Zone> config_zones_;
  std::chrono::seconds longest_ttl_;  // half the quarantine
  bool owns_reverse_;                 // not `reverse: []`
  ZonePtr zones_;
  std::unique_ptr<zone::Transaction> transaction_;  // open if something was changed
  std::unordered_map<std::string, Published> published_;
  std::map<boost::asio::ip::address, std::set<std::string>> hosts_at_;  // for PTR
  std::set<boost::asio::ip::address> repointed_;                        // since the last commit, so each is made once
};

}  // namespace meridian::control
