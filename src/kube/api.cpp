#include "kube/api.hpp"
