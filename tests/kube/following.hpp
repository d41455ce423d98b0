#pragma once
// A reflector at the scripted API server, and a mirror of what it tells.

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api_server.hpp"
#include "kube/object_reader.hpp"
#include "kube/reflector.hpp"
#include "running.hpp"

namespace meridian::test {

// Holds a listener to what it was promised, and the reflector to its promises.
class Mirror final : public kube::Listener {
 public:
  void list_begins() override { list_.emplace(); }
  void listed(boost::json::object object) override {
    REQUIRE(list_.has_value());
    list_->insert_or_assign(name_of(object), value_of(object));
  }
  void list_ends() override {
    REQUIRE(list_.has_value());
    held = std::move(*list_);
    list_.reset();
    ++lists;
  }
  void changed(boost::json::object object) override {
    REQUIRE_FALSE(list_.has_value());
    CHECK_MESSAGE(told_.insert(std::string(kube::metadata_of(object, "resourceVersion"))).second, "told twice");
    held.insert_or_assign(name_of(object), value_of(object));
    ++changes;
  }
  void deleted(boost::json::object object) override {
    REQUIRE_FALSE(list_.has_value());
    CHECK(held.erase(name_of(object)) == 1);
    ++changes;
  }
  void skipped(boost::json::object identity, std::string what) override {
    skips.push_back(name_of(identity) + " " + what);
  }
  void state_changed() override { ++states; }

  // "a=1 b=2": what is there, by name.
  std::string text() const {
    std::string all;
    for (const auto& [name, value] : held) all += (all.empty() ? "" : " ") + name + "=" + value;
    return all;
  }

  std::map<std::string, std::string> held;
  std::vector<std::string> skips;
  unsigned lists = 0, changes = 0, states = 0;

 private:
  static std::string name_of(const boost::json::object& object) {
    return std::string(kube::metadata_of(object, "name"));
  }
  static std::string value_of(const boost::json::object& object) {
    const auto* data = object.if_contains("data");
    return data ? std::string(kube::text_at(data->as_object(), "value")) : "";
  }
  std::optional<std::map<std::string, std::string>> list_;
  std::set<std::string> told_;
};

inline boost::json::object config_map(const std::string& name, const std::string& value,
                                      const std::string& space = "default") {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", name}, {"namespace", space}}},
          {"data", {{"value", value}}}};
}

inline boost::json::object service_entry(const std::string& name, const std::string& address,
                                         const std::string& space = "default") {
  return {{"apiVersion", "networking.istio.io/v1"},
          {"kind", "ServiceEntry"},
          {"metadata", {{"name", name}, {"namespace", space}}},
          {"spec",
           {{"hosts", {name + "." + space + ".global"}},
            {"addresses", boost::json::array{address}},
            {"resolution", "STATIC"}}}};
}

inline kube::Resource config_maps(const std::string& space = "default") {
  return {.plural = "configmaps", .space = space};
}

inline kube::Resource service_entries() {
  return {.group = "networking.istio.io", .versions = {"v1", "v1beta1", "v1alpha3"}, .plural = "serviceentries"};
}

// Pauses that a test need not wait for; a silence that it never reaches.
inline constexpr kube::ReflectorTimes kBriskly{std::chrono::seconds(60), std::chrono::milliseconds(1),
                                               std::chrono::milliseconds(20)};

class Following {
 public:
  explicit Following(const ApiServer& server, kube::Resource resource = config_maps(),
                     kube::ReflectorTimes times = kBriskly, std::uint64_t object_size = 1 << 20)
      : server_(server),
        plural_(resource.plural),
        api_(loop, server.settings()),
        reflector(loop, api_, std::move(resource), object_size, mirror, times) {
    reflector.start();
    CHECK(mirror.states == 0);
  }
  ~Following() {
    reflector.stop();
    api_.stop();
    loop.restart();
    loop.run();  // hangs if anything is left to wait for
  }

  bool until(const std::function<bool()>& condition) { return run_until(loop, condition); }
  void until_text(const std::string& text) {
    until([&] { return mirror.text() == text; });
    REQUIRE(mirror.text() == text);
  }
  // A watch runs, at the server's end and at ours.
  void until_watching() {
    REQUIRE(until([&] { return state().up && !server_.command("watches", {{"plural", plural_}}).as_array().empty(); }));
  }
  const kube::Reflector::State& state() const { return reflector.state(); }

  boost::asio::io_context loop;
  Mirror mirror;

 private:
  const ApiServer& server_;
  const std::string plural_;
  kube::Api api_;

 public:
  kube::Reflector reflector;
};

}  // namespace meridian::test
