#include "ledger/kube_ledger.hpp"

#include "ledger/conformance.hpp"
#include "ledger/kube_scratch.hpp"

namespace meridian::ledger {

TEST_CASE_TEMPLATE_INVOKE(ledger_conformance, KubeScratch);

}  // namespace meridian::ledger
