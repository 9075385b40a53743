#include "targets/arm/core/helpers.h"

#include <time.h>

#include <array>
#include <cstdint>

namespace xarch::arm {

namespace {

constexpr std::array<uint32_t, 256> crc_table(uint32_t reflected_polynomial) {
  std::array<uint32_t, 256> t{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t v = i;
    for (int k = 0; k < 8; ++k) v = v >> 1 ^ (v & 1 ? reflected_polynomial : 0);
    t[i] = v;
  }
  return t;
}
constexpr auto kCrc32Table = crc_table(0xedb88320);
constexpr auto kCrc32cTable = crc_table(0x82f63b78);

uint64_t crc(const std::array<uint32_t, 256>& table, uint64_t sum, uint64_t data, uint64_t log2_bytes) {
  uint32_t s = static_cast<uint32_t>(sum);
  for (unsigned i = 0; i < 1u << log2_bytes; ++i, data >>= 8) s = s >> 8 ^ table[(s ^ data) & 0xff];
  return s;
}

uint64_t crc32(void*, uint64_t sum, uint64_t data, uint64_t log2_bytes, uint64_t) {
  return crc(kCrc32Table, sum, data, log2_bytes);
}
uint64_t crc32c(void*, uint64_t sum, uint64_t data, uint64_t log2_bytes, uint64_t) {
  return crc(kCrc32cTable, sum, data, log2_bytes);
}

uint64_t counter(void*, uint64_t, uint64_t, uint64_t, uint64_t) {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

constexpr uint32_t kPureFn = ir::kHelperPure | ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState;

}  // namespace

const ir::HelperDesc kCrc32Helper = {"crc32", crc32, kPureFn, {}, {}};
const ir::HelperDesc kCrc32cHelper = {"crc32c", crc32c, kPureFn, {}, {}};
const ir::HelperDesc kCounterHelper = {
    "counter", counter, ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState, {}, {}};

}  // namespace xarch::arm
