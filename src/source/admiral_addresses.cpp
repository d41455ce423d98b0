#include "source/admiral_addresses.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <iterator>
#include <set>
#include <utility>

#include "kube/object_reader.hpp"
#include "kube/readable.hpp"
#include "kube/reflector.hpp"
#include "source/yaml_documents.hpp"

namespace meridian::source {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr const char* kKey = "serviceEntryAddressStore";
constexpr std::uint64_t kObjectSize = 8 << 20;  // octets; a ConfigMap has at most 1 MiB of data, escaped in JSON

// Admiral's ServiceEntryAddressStore, as yaml.v2 writes it.
class StoreReader final : public DocumentHandler {
 public:
  void item(json::value, std::size_t) override {}
  void document(json::value value, std::size_t) override {
    const auto* store = value.if_object();
    if (!store) return broken(0, "no mapping");
    if (const auto* map = store->if_contains("entry-addresses"); map && map->is_object())
      for (const auto& [host, address] : map->get_object()) take(address);
    if (const auto* list = store->if_contains("addresses"); list && list->is_array())
      for (const auto& address : list->get_array()) take(address);
  }
  void broken(std::size_t, std::string why) override { fault = std::move(why); }

  std::set<mesh::Address> addresses;
  std::vector<std::string> strange;  // no addresses
  std::string fault;

 private:
  void take(const json::value& value) {
    const auto* text = value.if_string();
    const auto address = text ? mesh::parse_address({text->data(), text->size()}) : std::nullopt;
    if (address)
      addresses.insert(*address);
    else
      strange.push_back(text ? std::string(*text) : "something that is no text");
  }
};

}  // namespace

struct AdmiralAddresses::Run final : kube::Listener {
  Run(asio::io_context& loop, kube::Api& api, config::ConfigMapName name_, Changed changed_)
      : name(std::move(name_)),
        tell(std::move(changed_)),
        reflector(loop, api,
                  {.plural = "configmaps", .space = name.space, .field_selector = "metadata.name=" + name.name},
                  kObjectSize, *this) {}

  void list_begins() override {}
  void listed(json::object object) override { changed(std::move(object)); }
  void list_ends() override {
    if (!std::exchange(listed_once, true)) tell({}, {});
    update_trouble();
  }
  void changed(json::object object) override;
  void deleted(json::object) override {}
  void skipped(json::object, std::string what) override {
    fault = "it " + what;
    update_trouble();
  }
  void state_changed() override { update_trouble(); }
  void update_trouble();

  const config::ConfigMapName name;
  const Changed tell;
  std::set<mesh::Address> given;
  std::string fault;    // of the text
  std::string trouble;  // that, or the reflector's
  bool listed_once = false;
  kube::Reflector reflector;  // last: it tells the rest
};

void AdmiralAddresses::Run::changed(json::object object) {
  const auto* data = object.if_contains("data");
  const auto* texts = data ? data->if_object() : nullptr;
  StoreReader store;
  if (texts) read_documents(kube::text_at(*texts, kKey), kObjectSize, store);
  fault = std::move(store.fault);
  const bool without_store = !texts || !texts->contains(kKey);  // not yet, or not any more: like a deleted ConfigMap
  if (fault.empty() && !without_store) {
    if (!store.strange.empty()) {
      spdlog::warn("ConfigMap {}/{}: {} of Admiral's addresses are none, and are not avoided: {}", name.space,
                   name.name, store.strange.size(), kube::readable(store.strange.front()));
    }
    std::vector<mesh::Address> came, went;
    std::ranges::set_difference(store.addresses, given, std::back_inserter(came));
    std::ranges::set_difference(given, store.addresses, std::back_inserter(went));
    given = std::move(store.addresses);
    if (!came.empty() || !went.empty()) tell(std::move(came), std::move(went));
  }
  update_trouble();
}

void AdmiralAddresses::Run::update_trouble() {
  const auto& state = reflector.state();
  auto now = state.trouble;
  if (now.empty() && !fault.empty()) now = std::string(kKey) + " can't be read: " + fault;
  if (now == trouble) return;
  trouble = std::move(now);
  if (trouble.empty()) {
    spdlog::info("ConfigMap {}/{}: can be read again", name.space, name.name);
  } else {
    spdlog::warn("ConfigMap {}/{}: Admiral's addresses: {}", name.space, name.name, kube::readable(trouble, 1000));
  }
}

AdmiralAddresses::AdmiralAddresses(asio::io_context& loop, kube::Api& api, config::ConfigMapName name, Changed changed)
    : run_(std::make_shared<Run>(loop, api, std::move(name), std::move(changed))) {}

AdmiralAddresses::~AdmiralAddresses() {
  stop();
}

void AdmiralAddresses::start() {
  run_->reflector.start();
}

void AdmiralAddresses::stop() {
  run_->reflector.stop();
}

bool AdmiralAddresses::listed() const {
  return run_->listed_once;
}

const std::string& AdmiralAddresses::trouble() const {
  return run_->trouble;
}

std::size_t AdmiralAddresses::size() const {
  return run_->given.size();
}

}  // namespace meridian::source
