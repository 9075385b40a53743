// RowTable: what is found out of a row of the opcode map when it is first asked for. A run meets some hundred
// of the rows.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <string_view>

#include "targets/x86/core/row.h"

namespace xarch::x86 {

template <typename T>
class RowTable {
 public:
  // find(row), which does not depend on who asks. T() stands for what is not known yet.
  template <typename Fn>
  T get(unsigned row, Fn find) {
    std::atomic<T>& entry = values_[row];
    T value = entry.load(std::memory_order_relaxed);
    if (value == T()) {
      value = find(row);
      entry.store(value, std::memory_order_relaxed);
    }
    return value;
  }

 private:
  static_assert(std::atomic<T>::is_always_lock_free);
  std::array<std::atomic<T>, kMaxRows> values_{};
};

// Entries of a table in the order of their texts, for find_text. Each text is there once.
template <typename Entry, size_t kCount>
constexpr std::array<const Entry*, kCount> by_text(const Entry (&table)[kCount]) {
  std::array<const Entry*, kCount> sorted{};
  for (size_t i = 0; i < kCount; ++i) sorted[i] = &table[i];
  std::sort(sorted.begin(), sorted.end(), [](const Entry* a, const Entry* b) { return a->text < b->text; });
  for (size_t i = 1; i < kCount; ++i)
    if (sorted[i - 1]->text == sorted[i]->text) throw "a text stands twice in a table";
  return sorted;
}
// Null if the text has none.
template <typename Entry, size_t kCount>
const Entry* find_text(const std::array<const Entry*, kCount>& sorted, std::string_view text) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), text,
                                   [](const Entry* e, std::string_view t) { return e->text < t; });
  return at != sorted.end() && (*at)->text == text ? *at : nullptr;
}

}  // namespace xarch::x86
