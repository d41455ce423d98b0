#pragma once
// What is inside RDATA that comes from outside and that we hand on.

#include "walker.hpp"

namespace meridian::dns {

// Whether the RDATA of `record` is what its type demands and fills RDLENGTH exactly: numbers, character-strings and
// names for the types of RFC 1035 and those that RFC 3597, 4 knows to hold names; options for OPT. The RDATA of any
// other type is opaque (RFC 3597, 3) and always good. `ttls`: of the records up to this one.
bool is_good_rdata(Message message, const RecordPlace& record, const TtlMap& ttls);

}  // namespace meridian::dns
