#pragma once
// Hosts that need a VIP of ours and the entries that hold them together, because one VIP may be written into each
// (vip_groups.hpp). Pure.

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <meridian/mesh/merge.hpp>
#include <meridian/mesh/shared_vips.hpp>

namespace meridian::mesh {

// What was found out of single hosts and entries. Good as long as neither the entries nor VipFacts::is_written change.
struct LinkMemo {
  std::map<std::string, bool> needs_vip;
  std::map<const ServiceEntry*, std::optional<std::string>> why_no_link;
};

// What decides beside the entries. Borrowed for one call.
struct VipFacts {
  // Whether the ledger has an active VIP of either family under this name (or, where we write it, will have).
  std::function<bool(std::string_view host)> has_vip;
  // Under which name the ledger has this VIP, active; nothing: none.
  std::function<std::optional<std::string>(const Address&)> holder_of;
  // Whether VIPs are written back into the entries of this source (its rank, as in Model::put).
  std::function<bool(unsigned source)> is_written;
  // Who shares a VIP, as remembered from every earlier result. Remember every group of the new one, too: its hosts, its
  // key and, with a rename, whom it is from.
  const SharedVips& shared;
  // Everything is known and has been looked at: the sources are complete, the ledger is read, and after that group()
  // was asked for every host that needs a VIP, and remembered. Until then the lists that were written into entries tell
  // who shared a VIP, no host counts as gone, and whoever shares its VIP keeps doing so.
  bool settled = false;
  // Null: a call's own. Calls for many hosts have one in common, or each host of an entry would cost all its hosts.
  LinkMemo* memo = nullptr;
};

// Why an entry is not to be written, whatever its hosts are, as the end of a sentence; nothing: nothing in itself
// forbids it. It has neither addresses nor an opt-out, nor a resolution with which Istio refuses addresses
// (DYNAMIC_DNS) or does without (NONE), nor a VIP of istiod. Whether its namespace wins its hosts does not matter: it
// routes them all the same.
std::optional<std::string> why_not_written(const ServiceEntry& entry);

// An entry that is not to be written.
struct Refusal {
  EntryKey entry;
  std::string why;        // the end of a sentence that begins with the entry: "opts out"
  bool conflict = false;  // it would join what has several VIPs already: to be reported, and not by anybody's choice
  // With a conflict: the list that it has from before is the VIP of some of its hosts. It is best left alone: those
  // hosts are routed by it, and it is what remembers, over a restart, that they share.
  bool keeps_list = false;
  bool operator==(const Refusal&) const = default;
};

// What entries connect with one host.
class LinkedHosts {
 public:
  struct Link {  // an entry that may be written, if its hosts have no more than one VIP
    const ServiceEntry* entry;
    std::vector<std::size_t> hosts;  // by their places in hosts()
  };

  // All hosts that such entries, or the VIP of a key that is gone, connect with `start`. Borrows both.
  LinkedHosts(std::string_view start, const Model& model, const VipFacts& facts);
  LinkedHosts(const LinkedHosts&) = delete;
  LinkedHosts& operator=(const LinkedHosts&) = delete;

  const std::vector<std::string>& hosts() const { return hosts_; }  // that need a VIP, sorted
  const std::vector<Link>& links() const { return links_; }         // oldest first
  std::map<const ServiceEntry*, Refusal, Older> take_refused() { return std::move(refused_); }  // the other entries

  bool needs_vip(const std::string& host);
  bool is_gone(const std::string& key) { return facts_.settled && !needs_vip(key); }
  // Whose VIP the host shares, as our memory has it.
  std::optional<std::string> remembered(const std::string& host) const;

 private:
  const std::optional<std::string>& why_no_link(const ServiceEntry& entry);
  std::optional<std::string> find_why_no_link(const ServiceEntry& entry);

  const Model& model_;
  const VipFacts& facts_;
  LinkMemo own_;
  LinkMemo& memo_;
  std::vector<std::string> hosts_;
  std::vector<Link> links_;
  std::map<const ServiceEntry*, Refusal, Older> refused_;
};

// The hosts whose groups may be others after `hosts` changed, these among them: whom entries name together with one,
// and who shares its VIP. The hosts of entries that went or changed are reported as touched by the model; whoever asks
// group() for the neighbours of them reaches everybody concerned. Costs each entry once, however many hosts it has.
std::set<std::string> neighbours(const std::set<std::string>& hosts, const Model& model, const SharedVips& shared);

}  // namespace meridian::mesh
