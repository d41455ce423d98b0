#include "kube/lease.hpp"
