#include "kube/object_scanner.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

namespace meridian::kube {
namespace {

namespace json = boost::json;

constexpr std::string_view kItems = R"("items")";

bool is_space(char octet) {
  return octet == ' ' || octet == '\n' || octet == '\r' || octet == '\t';  // RFC 8259, 2
}

}  // namespace

ObjectScanner::ObjectScanner(Form form, std::uint64_t object_size, Handler& handler)
    : form_(form), object_size_(object_size), handler_(handler) {}

void ObjectScanner::feed(std::string_view octets) {
  std::size_t begin = 0;  // of the object, or of the part of it that is in these octets
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (!in_object_) {
      outside(octets[i]);
      begin = i;
      continue;
    }
    place_.take(octets[i]);
    too_deep_ |= place_.depth() > kDeepest;
    if (place_.depth() > 0) continue;
    in_object_ = false;
    end_object(octets.substr(begin, i + 1 - begin));
  }
  if (in_object_) keep(octets.substr(begin));
}

void ObjectScanner::outside(char octet) {
  if (form_ == Form::List && !in_items_) return around_items(octet);
  if (octet == '{') {
    in_object_ = true;
    too_deep_ = false;
    size_ = 0;
    place_ = {};
    place_.take(octet);
  } else if (in_items_ && octet == ']') {
    in_items_ = false;
    around_items(octet);
  } else if (!is_space(octet) && !(in_items_ && octet == ',')) {
    throw Malformed("something else than JSON objects came");
  }
}

void ObjectScanner::around_items(char octet) {
  const bool begun = around_.depth() > 0;
  if (!begun && is_space(octet)) return;
  if (ended_ || (!begun && octet != '{')) throw Malformed("something else than one JSON object came");
  const bool was_in_string = around_.in_string();
  around_.take(octet);
  envelope_ += octet;
  if (envelope_.size() > object_size_ || around_.depth() > kDeepest) throw Malformed("a list that has too much in it");
  ended_ = around_.depth() == 0;
  if (was_in_string) return;
  if (around_.in_string() && around_.depth() == 1) last_text_ = envelope_.size() - 1;
  // Between a key and the bracket of its value no other text can stand.
  in_items_ = octet == '[' && around_.depth() == 2 && envelope_.compare(last_text_, kItems.size(), kItems) == 0;
}

void ObjectScanner::keep(std::string_view piece) {
  size_ += piece.size();
  if (size_ <= object_size_ && !too_deep_) {
    kept_ += piece;
    return;
  }
  if (!identity_) {
    identity_.emplace();
    identity_->feed(std::exchange(kept_, {}));
  }
  identity_->feed(piece);
}

void ObjectScanner::end_object(std::string_view piece) {
  if (size_ == 0 && !too_deep_ && piece.size() <= object_size_) return handler_.object(piece);  // no copy
  keep(piece);
  if (identity_) {
    const auto fault = size_ > object_size_ ? Fault::TooLong : Fault::TooDeep;
    handler_.passed_over(std::exchange(identity_, std::nullopt)->take(), fault);
  } else {
    handler_.object(kept_);
    kept_.clear();
  }
}

json::object ObjectScanner::finish() const {
  if (!ended_) throw Malformed("the list ended in the middle");
  json::error_code error;
  auto list = json::parse(envelope_, error);
  if (error || !list.is_object()) throw Malformed("the list is no JSON: " + error.message());
  return std::move(list.get_object());
}

}  // namespace meridian::kube
