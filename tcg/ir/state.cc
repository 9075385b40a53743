#include "tcg/ir/state.h"

#include <algorithm>
#include <utility>

namespace xarch::ir {

SlotOverlaps::SlotOverlaps(const StateLayout& layout) {
  const size_t n = layout.slots.size();
  std::vector<SlotId> order(n);
  for (size_t i = 0; i < n; ++i) order[i] = static_cast<SlotId>(i);
  std::ranges::sort(order, {}, [&](SlotId s) { return std::pair(layout.slots[s].offset, s); });
  std::vector<std::pair<SlotId, SlotId>> pairs;
  first_.assign(n + 1, 0);
  for (size_t i = 0; i < n; ++i) {
    const Slot& a = layout.slots[order[i]];
    for (size_t j = i + 1; j < n && layout.slots[order[j]].offset < a.offset + a.bytes(); ++j) {
      pairs.emplace_back(order[i], order[j]);
      ++first_[order[i] + 1u];
      ++first_[order[j] + 1u];
    }
  }
  for (size_t i = 0; i < n; ++i) first_[i + 1] += first_[i];
  others_.resize(2 * pairs.size());
  std::vector<uint32_t> next(first_.begin(), first_.end() - 1);
  for (const auto& [a, b] : pairs) {
    others_[next[a]++] = b;
    others_[next[b]++] = a;
  }
}

}  // namespace xarch::ir
