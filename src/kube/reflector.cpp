#include "kube/reflector.hpp"
