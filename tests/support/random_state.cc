// States for random regions: made, and compared.
#include <cstdio>
#include <cstring>

#include "tests/support/random_fp.h"
#include "tests/support/random_ir.h"

namespace xarch::test {

bool goes_round(const ir::Region& region, const RandomState& state) {
  return static_cast<tcg::Exit>(state.hdr.exit_reason) == tcg::Exit::kLookup && state.pc == region.key.pc &&
         state.hdr.exit_mode == region.key.mode && (region.key.flags & ir::kKeyNoLink) == 0;
}

void random_state(uint64_t seed, RandomState* s) {
  Rng rng(~seed);
  s->pc = rng.next();
  for (uint64_t& x : s->x) x = rng.value();
  s->flags = static_cast<uint16_t>(rng.next() & ir::kFlagsDefined);
  s->c = static_cast<uint8_t>(rng.below(2));
  s->reserved = 0;
  s->count = rng.below(12);
  for (uint64_t& w : s->win) w = rng.value();
  for (auto& q : s->q) {
    for (uint64_t& w : q) w = rng.value();
  }
  for (uint64_t& w : s->wide) w = rng.value();
  for (auto& f : s->f) {
    random_f80_bits(rng, f);
  }
  s->f80_control = 0x37f;
  s->f80_flags = 0;
  s->f80_up = 0;
  s->hdr.event.store(rng.one_in(16) ? 1 : 0, std::memory_order_relaxed);
  s->hdr.exit_reason = 0;
  s->hdr.exit_code = 0;
  s->hdr.exit_value = 0;
  s->hdr.exit_mode = 0;
  s->hdr.helper_exit = 0;
}

void random_buffer(uint64_t seed, uint8_t* buffer, size_t bytes) {
  Rng rng(seed ^ 0x5bd1e995);
  for (size_t i = 0; i + 8 <= bytes; i += 8) {
    const uint64_t v = rng.value();
    std::memcpy(buffer + i, &v, 8);
  }
}

std::string state_difference(const RandomState& a, const RandomState& b, const ir::Region* dead_exits) {
  char text[160];
  const bool dead = dead_exits != nullptr && !dead_exits->dead_at_exit.empty() &&
                    static_cast<tcg::Exit>(a.hdr.exit_reason) == tcg::Exit::kLookup;
  for (const ir::Slot& s : random_layout().slots) {
    if (dead && (s.name == "flags" || s.name == "c")) continue;
    if (s.loose && static_cast<tcg::Exit>(a.hdr.exit_reason) == tcg::Exit::kFault) continue;
    uint8_t va[128] = {};
    uint8_t vb[128] = {};
    const size_t bytes = ir::type_bytes(s.type) * s.count;
    std::memcpy(va, reinterpret_cast<const uint8_t*>(&a) + s.offset, bytes);
    std::memcpy(vb, reinterpret_cast<const uint8_t*>(&b) + s.offset, bytes);
    uint64_t wa = 0;
    uint64_t wb = 0;
    std::memcpy(&wa, va, 8);
    std::memcpy(&wb, vb, 8);
    if (s.name == "f80_up") wa &= 0x200, wb &= 0x200;
    std::memcpy(va, &wa, 8);
    std::memcpy(vb, &wb, 8);
    const bool flags = s.type == ir::Type::kFlags;
    if (flags ? ((wa ^ wb) & ir::kFlagsDefined) != 0 : std::memcmp(va, vb, bytes) != 0) {
      std::snprintf(text, sizeof text, "%s: %#lx… and %#lx…", s.name.data(), wa, wb);
      return text;
    }
  }
  const tcg::CpuHeader& ha = a.hdr;
  const tcg::CpuHeader& hb = b.hdr;
  const auto reason = static_cast<tcg::Exit>(ha.exit_reason);
  const bool goes_on = reason == tcg::Exit::kLookup || reason == tcg::Exit::kEvent;
  const bool coded = reason == tcg::Exit::kSyscall || reason == tcg::Exit::kRaise;
  const bool same = ha.exit_reason == hb.exit_reason && (!goes_on || ha.exit_mode == hb.exit_mode) &&
                    (!coded || ha.exit_code == hb.exit_code) &&
                    (reason != tcg::Exit::kRaise || ha.exit_value == hb.exit_value);
  if (same) return {};
  std::snprintf(text, sizeof text,
                "exit: reason %u code %u value %#lx mode %u and reason %u code %u value %#lx mode %u",
                ha.exit_reason, ha.exit_code, ha.exit_value, ha.exit_mode, hb.exit_reason, hb.exit_code,
                hb.exit_value, hb.exit_mode);
  return text;
}

}  // namespace xarch::test
