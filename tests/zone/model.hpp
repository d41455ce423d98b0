#pragma once
// A zone as a plain map, with lookups that read like the rules: slow, obvious, and sharing nothing with the real one.

#include <map>
#include <set>
#include <string>

#include <meridian/zone/zone.hpp>

namespace meridian::test {

// Names are absolute texts in lower case without the final dot.
class Model {
 public:
  struct Host {
    std::string address;  // of the A record; empty: none
    bool host = true;
    bool pending = false;
    bool operator==(const Host&) const = default;
  };

  // As spec_of(apex) has it, with those wildcards.
  Model(std::string apex, zone::Wildcards wildcards);

  std::map<std::string, Host> put;
  bool ready = false;

  std::string ask(const std::string& name) const;  // as test::ask()
  std::set<std::string> names() const;
  std::size_t hosts() const;

 private:
  bool exists(const std::string& name) const;
  std::string istio(const std::string& name) const;
  std::string rfc4592(const std::string& name) const;
  std::string show(const std::string& kind, const std::string& owner) const;

  std::string apex_;
  zone::Wildcards wildcards_;
};

}  // namespace meridian::test
