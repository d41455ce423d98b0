#pragma once
// Metric families of one scrape, filled from values that live elsewhere.

#include <prometheus/metric_family.h>

#include <concepts>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace meridian::control {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Family {
 public:
  explicit Family(prometheus::MetricFamily& family) : family_(family) {}

  template <class Number>
  requires std::integral<Number> || std::floating_point<Number>
  void set(Number number, const Labels& labels = {}) {
    auto& metric = add(labels);
    const auto value = static_cast<double>(number);
    if (family_.type == prometheus::MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
  }

  prometheus::ClientMetric& add(const Labels& labels) {
    auto& metric = family_.metric.emplace_back();
    for (const auto& [name, value] : labels) metric.label.push_back({name, value});
    return metric;
  }

 private:
  prometheus::MetricFamily& family_;
};

class Families {
 public:
  Family& counter(const std::string& name, const std::string& help) {
    return make(name, help, prometheus::MetricType::Counter);
  }
  Family& gauge(const std::string& name, const std::string& help) {
    return make(name, help, prometheus::MetricType::Gauge);
  }
  Family& histogram(const std::string& name, const std::string& help) {
    return make(name, help, prometheus::MetricType::Histogram);
  }
  std::vector<prometheus::MetricFamily> take() {
    return {std::make_move_iterator(families_.begin()), std::make_move_iterator(families_.end())};
  }

 private:
  Family& make(const std::string& name, const std::string& help, prometheus::MetricType type) {
    auto& family = families_.emplace_back();
    family.name = name;
    family.help = help;
    family.type = type;
    return handles_.emplace_back(family);
  }

  std::deque<prometheus::MetricFamily> families_;  // deques: references stay good while more come
  std::deque<Family> handles_;
};

}  // namespace meridian::control
