#pragma once

#include "kube/credentials.hpp"

namespace meridian::kube {

// The identity of a pod: token, ca.crt and namespace in /var/run/secrets/kubernetes.io/serviceaccount, the server in
// KUBERNETES_SERVICE_HOST (an IPv6 address may stand without brackets) and KUBERNETES_SERVICE_PORT. The environment
// variable MERIDIAN_SERVICE_ACCOUNT names another directory: for tests and for unusual mounts. Throws
// std::runtime_error with a sentence if this is no pod.
Access service_account();

}  // namespace meridian::kube
