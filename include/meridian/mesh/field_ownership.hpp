#pragma once
// Who wrote an entry's spec.addresses, as the API server keeps it in metadata.managedFields (Kubernetes: server-side
// apply, field management). Pure.

#include <optional>
#include <string>
#include <string_view>

#include <meridian/mesh/addresses.hpp>
#include <meridian/mesh/json_field.hpp>

namespace meridian::mesh {

// The name under which we apply.
inline constexpr std::string_view kFieldManager = "meridian";

// What there is to know of spec.addresses if we wrote it.
struct WrittenList {
  bool ours = false;
  std::optional<Address> vip;  // what it holds, if it is one address that could be a VIP
  std::string warning;         // non-empty: what an operator should know
};

// Whether `addresses` (spec.addresses) is a list that we wrote and nobody else claims: an element of `managed_fields`
// with our manager and the operation Apply has it, and no other one does. Elements of a subresource (status) can't own
// a field of spec and are passed over.
//
//   we applied it                                                ours
//   we did, and somebody applied the same list, or updated it    theirs: they want it whatever becomes of our VIP
//   an Update by our name                                        theirs: whoever used it, we only apply
//   managedFields absent, empty, stripped ([{}])                 theirs, as in a file
//   an element that no API server makes                          theirs, with a warning: nothing is known
//
// We write one address. A list of ours that is something else was changed on its way in (what a webhook adds is ours by
// name): it is ours all the same, to write anew or to take away, and whose VIP it was can't be said.
//
// Throws WrongType if the list is none, or holds what is no text: that is the whole document's trouble.
WrittenList written_list(const JsonField& managed_fields, const JsonField& addresses);

}  // namespace meridian::mesh
