#include "running_reconciler.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fstream>
#include <random>
#include <stdexcept>

#include "control/record_text.hpp"

namespace meridian::control::test {

namespace fs = std::filesystem;

Scratch::Scratch() {
  std::random_device random;
  path_ = fs::temp_directory_path() / ("meridian-control-" + std::to_string(random()));
  fs::create_directories(path_ / "entries");
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void Scratch::write(const std::string& name, const std::string& yaml) const {
  const auto draft = path_ / (name + ".draft");
  std::ofstream(draft) << yaml;
  fs::rename(draft, path_ / "entries" / name);
}

void Scratch::remove(const std::string& name) const {
  fs::remove(path_ / "entries" / name);
}

config::Config Scratch::config() const {
  config::Config config;
  config.sources = {{"files", path_ / "entries", {}}};
  config.state = path_ / "state";
  fs::create_directories(config.state);
  return config;
}

std::string entry(const std::string& name, const std::string& spec, const std::string& metadata) {
  return "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: " + name + ", namespace: bar" +
         (metadata.empty() ? "" : ", " + metadata) + "}\nspec: {" + spec + "}\n";
}

RunningReconciler::RunningReconciler(const config::Config& config) : RunningReconciler(config, nullptr) {}

RunningReconciler::RunningReconciler(const config::Config& config, const MakeLedger& make)
    : disk_(1),
      clusters_(loop_, config),
      zones_(empty_zones(config, {}, 0)),
      ledger_(make ? make(loop_) : make_ledger(loop_, disk_, config, clusters_, process_identity())),
      snapshot_(std::make_unique<source::Snapshot>(disk_, config.state / "entries.db")) {
  frontend_.publish = [this](ZonePtr zones, std::function<void()> adopted) {
    zones_ = std::move(zones);
    ++publications_;
    on_publish();
    adopted();
  };
  frontend_.upstreams = [](auto done) { done({}); };
  reconciler_ = std::make_unique<Reconciler>(loop_, config, *ledger_, *snapshot_, frontend_, zones_,
                                             ClusterAccess{clusters_.ledger.get(), clusters_.admiral.get(), "test"});
  boost::asio::co_spawn(loop_, reconciler_->run(), [this](const std::exception_ptr& e) {
    ended_ = true;
    clusters_.stop();
    if (e) std::rethrow_exception(e);
  });
}

RunningReconciler::~RunningReconciler() {
  reconciler_->stop();
  until([this] { return ended_; });
  disk_.join();
}

bool RunningReconciler::until(const std::function<bool()>& condition, const std::vector<RunningReconciler*>& with) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    for (auto* other : with) {
      other->loop_.restart();
      other->loop_.poll();
    }
    loop_.restart();
    loop_.run_one_for(std::chrono::milliseconds(with.empty() ? 20 : 2));
  }
  return true;
}

bool RunningReconciler::comes_to_rest() {
  reconciler_->stop();
  loop_.restart();
  loop_.run_for(std::chrono::seconds(10));
  return loop_.stopped();
}

std::string RunningReconciler::ask(const std::string& text, dns::Type type) const {
  const auto name = dns::Name::from_text(text);
  if (!name) throw std::invalid_argument(text);
  const dns::FoldedName folded(*name);
  const auto* zone = zones_->enclosing(folded);
  const auto* others = zone ? nullptr : zones_->any_host();
  if (!zone && !others) return "REFUSED";
  const auto match = (zone ? zone : others)->lookup(folded);
  if (others && match.kind != zone::Match::Kind::Exact) return "REFUSED";
  switch (match.kind) {
    case zone::Match::Kind::None:
      return "NXDOMAIN";
    case zone::Match::Kind::NotReady:
      return "SERVFAIL";
    case zone::Match::Kind::EmptyNonTerminal:
      return "NODATA";
    default:
      break;
  }
  const auto rrset = match.kind == zone::Match::Kind::Meta ? match.node->meta() : match.node->find(type);
  if (rrset.empty()) return match.node->pending() ? "SERVFAIL" : "NODATA";
  std::string reply = "NOERROR";
  for (const auto& record : record_texts(rrset, *name)) reply += " " + record;
  return reply;
}

}  // namespace meridian::control::test
