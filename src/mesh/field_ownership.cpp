#include <meridian/mesh/field_ownership.hpp>

namespace meridian::mesh {
namespace {

bool is_ours_alone(const JsonField& managed_fields) {
  bool ours = false, theirs = false;
  for (const JsonField& element : managed_fields.elements()) {
    const bool applied_by_us =
        element.member("manager").text() == kFieldManager && element.member("operation").text() == "Apply";
    // FieldsV1: a set of fields as a tree of objects, "f:" before each name. The list is atomic: nothing below it.
    const bool owns = static_cast<bool>(element.member("fieldsV1").member("f:spec").member("f:addresses"));
    if (!owns || !element.member("subresource").text().empty()) continue;
    (applied_by_us ? ours : theirs) = true;
  }
  return ours && !theirs;
}

}  // namespace

WrittenList written_list(const JsonField& managed_fields, const JsonField& addresses) {
  WrittenList out;
  try {
    out.ours = addresses && is_ours_alone(managed_fields);
  } catch (const WrongType& e) {
    out.warning = std::string(e.what()) + "; spec.addresses counts as somebody else's";
  }
  if (!out.ours) return out;
  std::size_t size = 0;
  for (const JsonField& field : addresses.elements()) {
    const Literal literal = parse_literal(field.text());
    out.vip = ++size == 1 && literal.note.empty() ? literal.address : std::nullopt;
  }
  if (!out.vip)
    out.warning = addresses.path() + " was written by us and is not one address any more; it counts as none";
  return out;
}

}  // namespace meridian::mesh
