#pragma once
// What every reply of ours has in common: limits, flags, and the OPT record of a client that sent one.

#include <algorithm>
#include <meridian/dns/message_builder.hpp>
#include <meridian/query/respond.hpp>
#include <optional>

namespace meridian::query {

class Composer {
 public:
  Composer(const dns::Query& query, const Settings& settings, const Client& client, std::span<std::uint8_t> out)
      : builder_(query, out, std::min(out.size(), reply_limit(query, settings, client))) {
    builder_.set_recursion_available(client.may_recurse && settings.forwarding);
    if (!query.edns) return;  // RFC 6891, 7: no OPT uninvited
    edns_.emplace();
    edns_->payload = settings.udp_payload;
    if (query.edns->nsid) edns_->nsid = settings.nsid;
    if (query.edns->tcp_keepalive && client.tcp) edns_->keepalive = settings.tcp_idle;
  }

  // The OPT record's room depends on the error, so it is said before the first record is added: start, then records.
  dns::MessageBuilder& start(dns::Rcode rcode, bool authoritative,
                             std::optional<dns::ExtendedError> error = std::nullopt) {
    builder_.set_rcode(rcode);
    builder_.set_authoritative(authoritative);
    rcode_ = rcode;
    if (edns_) {
      edns_->error = error;
      builder_.set_edns(*edns_);
    }
    return builder_;
  }

  Outcome finish(Where where) { return {Outcome::Action::Reply, builder_.finish(), rcode_, where}; }

 private:
  dns::MessageBuilder builder_;
  std::optional<dns::ReplyEdns> edns_;
  dns::Rcode rcode_ = dns::Rcode::NoError;
};

}  // namespace meridian::query
