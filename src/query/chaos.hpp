#pragma once
// Class CHAOS: who and what this server is, told only if the operator says so (RFC 4892).

#include <meridian/query/respond.hpp>

#include "composer.hpp"

namespace meridian::query {

// Answers a question of class CH.
Outcome answer_chaos(const dns::Query& query, const Settings& settings, Composer& reply);

}  // namespace meridian::query
