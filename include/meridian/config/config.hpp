#pragma once
// The configuration as values: every key of conf/meridian.yaml under the same name, with its default. Immutable once
// loaded; a reload makes another one.

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace meridian::config {

using std::chrono::milliseconds;
using std::chrono::seconds;

// An address and a port; text "127.0.0.1:53", "[::1]:53", "10.0.0.1".
struct Endpoint {
  boost::asio::ip::address address;
  std::uint16_t port = 53;
  bool operator==(const Endpoint&) const = default;
  std::string to_text() const;
};

// "10.0.0.0/8", "fd00::/8", or one address.
struct Cidr {
  boost::asio::ip::address address;  // host bits cleared
  unsigned prefix = 0;
  bool operator==(const Cidr&) const = default;
  bool contains(const Cidr& other) const;  // all of it; false for the other family
  std::string to_text() const;
};

struct Zone {
  enum class Unknown { NXDomain, Forward };
  enum class Wildcards { Istio, Rfc4592 };
  enum class Order { Rotate, Random, Fixed };
  std::string name;  // lower case, no final dot
  seconds ttl{30};
  seconds negative_ttl{10};
  Unknown unknown = Unknown::NXDomain;
  Wildcards wildcards = Wildcards::Istio;
  Order order = Order::Rotate;
  bool operator==(const Zone&) const = default;
};

// A source that reads ServiceEntries from the API server of a cluster.
struct Kubernetes {
  // How the replicas agree on one writer; client-go's names and numbers. duration > renew > retry.
  struct Lease {
    seconds duration{15};  // another replica may take over when the holder has not renewed for this long
    seconds renew{10};     // a holder that could not renew for this long stops writing
    seconds retry{2};      // between two tries to get or renew
    bool operator==(const Lease&) const = default;
  };
  std::filesystem::path kubeconfig;     // empty: the pod's service account
  std::string context;                  // of the kubeconfig; empty: its current-context
  std::vector<std::string> namespaces;  // empty: all
  std::string label_selector;           // as `kubectl get -l` takes it; empty: every entry
  Lease lease;
  bool operator==(const Kubernetes&) const = default;
};

// One element of `sources`: either files or kubernetes.
struct Source {
  std::string name;             // for metrics and logs; "files", "kubernetes", "files-2", ... by default
  std::filesystem::path files;  // a directory or one file; empty: kubernetes
  std::optional<Kubernetes> kubernetes;
  bool operator==(const Source&) const = default;
};

// A VIP ledger in ConfigMaps that all replicas share.
struct KubernetesLedger {
  std::string source;  // the name of the source in whose cluster it is
  std::string space = "istio-system";
  std::string name = "meridian";  // of the Lease, and of the ConfigMaps with a number behind it
  bool operator==(const KubernetesLedger&) const = default;
};

// A ConfigMap, "namespace/name".
struct ConfigMapName {
  std::string space, name;
  bool operator==(const ConfigMapName&) const = default;
};

struct Vip {
  std::vector<Cidr> pools;  // default 245.0.0.0/8
  std::vector<Cidr> exclude;
  seconds quarantine{3600};
  seconds tombstone{86400};
  bool wildcard_hosts = false;
  enum class WriteBack { None, Spec } write_back = WriteBack::None;
  std::optional<KubernetesLedger> ledger;        // empty: SQLite in the state directory
  std::optional<ConfigMapName> exclude_admiral;  // Admiral's addresses, in the cluster of the first Kubernetes source
  bool operator==(const Vip&) const = default;
};

struct Forward {
  // One upstream. With `tls` it is asked over TLS only (RFC 7858), and must prove that name; "": its address.
  struct Server {
    Endpoint endpoint;
    std::optional<std::string> tls;
    Server(Endpoint at = {}, std::optional<std::string> name = std::nullopt)  // NOLINT: an address is a server
        : endpoint(std::move(at)), tls(std::move(name)) {}
    bool operator==(const Server&) const = default;
    std::string to_text() const;  // "10.96.0.10:53", "tls://9.9.9.9:853#dns.quad9.net"
  };
  // A server, or a file in resolv.conf's form whose nameservers stand in its place.
  using Upstream = std::variant<Server, std::filesystem::path>;
  enum class Policy { Fastest, Sequential, Random, RoundRobin };
  struct Cache {
    std::uint64_t size = 64ull << 20;  // octets, of all workers together; 0: no cache
    seconds max_ttl{3600};
    seconds min_ttl{0};
    seconds negative_max_ttl{60};
    seconds serve_stale{3600};  // after its end an answer is still good for as long as this if nobody can be asked
    bool prefetch = true;
    bool operator==(const Cache&) const = default;
  };
  std::vector<Upstream> upstreams;                                   // default /etc/resolv.conf; empty: no forwarding
  std::vector<std::pair<std::string, std::vector<Upstream>>> zones;  // most specific suffix wins
  Policy policy = Policy::Fastest;
  milliseconds timeout{1800};
  milliseconds attempt_timeout{600};
  std::uint32_t max_in_flight = 10000;  // questions of all workers together
  bool case_randomization = false;
  std::filesystem::path tls_ca;  // whose certificates servers over TLS may show, PEM; empty: the system's authorities
  Cache cache;
  bool operator==(const Forward&) const = default;
  bool uses_tls() const;  // some upstream is asked over TLS
};

struct Access {
  std::vector<Cidr> recursion, queries, introspect;
  bool operator==(const Access&) const = default;
};

struct Limits {
  std::uint32_t tcp_clients = 10000;
  std::uint32_t tcp_clients_per_address = 500;
  milliseconds tcp_idle{10000};
  std::uint32_t tcp_in_flight = 100;
  std::uint16_t udp_payload = 1232;
  std::uint64_t file_size = 64ull << 20;
  std::uint64_t object_size = 10ull << 20;
  bool operator==(const Limits&) const = default;
};

struct Identity {
  std::string version, hostname, nsid;
  bool operator==(const Identity&) const = default;
};

struct Admin {
  std::string listen;  // "127.0.0.1:9253" by default; empty: switched off
  std::filesystem::path token_file;
  bool operator==(const Admin&) const = default;
};

struct Log {
  enum class Level { Trace, Debug, Info, Warn, Error };
  enum class Format { Text, Json };
  enum class Queries { Off, Sampled, All };
  Level level = Level::Info;
  Format format = Format::Text;
  Queries queries = Queries::Off;
  bool operator==(const Log&) const = default;
};

struct Config {
  std::vector<Endpoint> listen;  // default 127.0.0.1:53 and [::1]:53
  unsigned workers = 0;          // 0: one for each CPU that this process may use
  std::vector<Zone> zones;       // default: global
  enum class ServeHosts { Owned, Any } serve_hosts = ServeHosts::Owned;
  enum class ExportTo { Ignore, PublicOnly } export_to = ExportTo::Ignore;
  enum class Compat { None, IstioCoreDns } compat = Compat::None;
  bool reverse_pools = true;  // `reverse` names "pools"
  std::vector<Cidr> reverse;  // the CIDRs that `reverse` names
  std::vector<boost::asio::ip::address> advertise;
  std::vector<Source> sources;      // default: files /etc/meridian/entries
  unsigned mass_delete_guard = 50;  // per cent; 0: off
  struct Stale {
    bool ready = true;
    seconds max_age{0};  // 0: for ever
    bool operator==(const Stale&) const = default;
  } stale;
  Vip vip;
  std::filesystem::path state = "/var/lib/meridian";
  Forward forward;
  Access access;
  Limits limits;
  Identity identity;
  Admin admin;
  Log log;
  seconds lameduck{5};

  Config();  // every default, lists included
  bool operator==(const Config&) const = default;
};

// One thing that is wrong in a file. Lines and columns count from 1; 0: the file as a whole.
struct Problem {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  std::string text;             // what was found, what is allowed
  std::string to_text() const;  // "file:line:column: text"
};

struct Loaded {
  Config config;                  // meaningful if `errors` is empty
  std::vector<Problem> errors;    // all of them
  std::vector<Problem> warnings;  // accepted, and worth a word at start
};

// Reads and checks one file; a missing or unreadable file is an error in the result. Blocking; any thread.
Loaded load(const std::filesystem::path& file);
// The same for a text; `name` stands for the file in problems.
Loaded parse(std::string_view yaml, std::string_view name);

}  // namespace meridian::config
