#pragma once
// One ServiceEntry object of the API server: by name, and by the uid that a re-created one does not share.

#include <string>

namespace meridian::kube {

struct ObjectRef {
  std::string space, name, uid;
  bool operator==(const ObjectRef&) const = default;
};

}  // namespace meridian::kube
