#pragma once
// Who was answered with another host's VIP: what keeps a group of hosts at its VIP when its key goes and nothing but
// our memory says that the others had it too. The ledger has the key's name only; a list in spec.addresses says what an
// entry's hosts had when it was written, not who they were. A value; pure.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace meridian::mesh {

class SharedVips {
 public:
  // These hosts are, or are about to be, answered with the VIP of `key`, which may be one of them. `former`: the ledger
  // may have it under that name until a rename is written; to be left out when it is.
  void remember(const std::vector<std::string>& hosts, const std::string& key,
                const std::optional<std::string>& former = std::nullopt);
  // The host needs no VIP any more. To be told at once: should it come back later, it shares nothing.
  void forget(std::string_view host);

  // Whose VIP the host shares, the likeliest first, never itself; nothing: nobody's, or it was never answered.
  std::vector<std::string> keys_of(std::string_view host) const;
  // The hosts that share the VIP of `key`, without itself.
  std::set<std::string> sharers_of(std::string_view key) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> keys_of_;
  std::map<std::string, std::set<std::string>, std::less<>> sharers_of_;
};

}  // namespace meridian::mesh
