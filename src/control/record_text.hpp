#pragma once
// Records of a zone as people read them.

#include <string>
#include <vector>

#include <meridian/dns/rrset.hpp>

namespace meridian::control {

// The RDATA of each record: "240.0.0.2", "0 100 8000 httpbin.bar.global"; types that no zone of ours holds as \# and
// hex (RFC 3597, 5). `question`: the target of records that lack one (SRV under a wildcard).
std::vector<std::string> record_texts(const dns::RRsetView& rrset, const dns::Name& question);

}  // namespace meridian::control
