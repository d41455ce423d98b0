#pragma once
// Who waits for one reply over a channel, for tests of all kinds of channels.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "upstream/channel.hpp"

namespace meridian::test {

struct Waiting : upstream::Listener {
  bool believes(std::span<const std::uint8_t> octets) override {
    ++shown;
    return !belief || belief(octets);
  }
  void replied(std::vector<std::uint8_t> octets) override {
    reply = std::move(octets);
    end();
  }
  void failed(upstream::Failure why) override {
    failure = why;
    end();
  }

  std::function<bool(std::span<const std::uint8_t>)> belief;  // all, if there is none
  std::function<void()> then;                                 // called at its end
  std::uint16_t id = 0;                                       // for whoever sends to keep
  std::vector<std::uint8_t> query;                            // likewise
  std::vector<std::uint8_t> reply;
  std::optional<upstream::Failure> failure;
  int shown = 0, ends = 0;

 private:
  void end() {
    ++ends;
    if (then) then();
  }
};
using WaitingPtr = std::shared_ptr<Waiting>;

}  // namespace meridian::test
