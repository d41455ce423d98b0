#pragma once
// Many entries of many sources, one answer a host, kept up to date change by change (behaviour: from ServiceEntry to
// names). The result depends on the set of entries only, never on the order in which they came.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <meridian/mesh/host.hpp>
#include <meridian/mesh/literals.hpp>
#include <meridian/mesh/service_entry.hpp>

namespace meridian::mesh {

// The entries of all sources and the hosts they make. Control thread only; no locks, no clock. A change costs what its
// own hosts cost, plus the hosts that share a status address with them.
class Model {
 public:
  explicit Model(Rules rules);
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  // `source` is the source's rank in the configuration: the lowest rank that holds a key supplies it ("in force"); when
  // it lets go, the next one does.
  void put(unsigned source, std::shared_ptr<const ServiceEntry> entry);
  void remove(unsigned source, const EntryKey& key);  // nothing happens if the source does not hold it
  void set_rules(Rules rules);                        // touches every host
  const Rules& rules() const;

  // Hosts whose Host may have changed since the last call, sorted; those that are gone too.
  std::vector<std::string> take_touched();
  // The addresses in spec and status that appeared or went since the last call. Of all entries in force, those too that
  // the rules pass over: Envoy routes them all the same, so none of them may be a VIP.
  LiteralChanges take_literals();

  // Made on demand. Null: no entry in force names it, or the rules pass over all that do.
  std::optional<Host> host(std::string_view name) const;
  std::vector<std::string> host_names() const;           // sorted; those that are not served too
  const ServiceEntry* entry(const EntryKey& key) const;  // the one in force; null: none
  // The rank of the source that supplies the entry in force; nothing: none.
  std::optional<unsigned> source_of(const EntryKey& key) const;
  // The entries in force that name a host, winners and losers, but for those that the rules pass over; null: none. Good
  // until the next change.
  const Claims* claims(std::string_view host) const;
  std::size_t entries() const;    // in force
  std::size_t conflicts() const;  // served hosts with losers

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace meridian::mesh
