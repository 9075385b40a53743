#include "tcg/backend/interp/host_access.h"

#include <cstring>

#include "tcg/ir/eval.h"

namespace xarch::tcg {

using ir::MemDesc;
using ir::RmwOp;

uint64_t rmw_result(RmwOp op, unsigned bits, uint64_t old, uint64_t value) {
  const uint64_t mask = ir::low_mask(bits);
  value &= mask;
  const int64_t so = ir::sign_extend(old, bits);
  const int64_t sv = ir::sign_extend(value, bits);
  switch (op) {
    case RmwOp::kXchg: return value;
    case RmwOp::kAdd: return (old + value) & mask;
    case RmwOp::kAnd: return old & value;
    case RmwOp::kOr: return old | value;
    case RmwOp::kXor: return old ^ value;
    case RmwOp::kAndNot: return old & ~value;
    case RmwOp::kSMax: return so > sv ? old : value;
    case RmwOp::kSMin: return so < sv ? old : value;
    case RmwOp::kUMax: return old > value ? old : value;
    case RmwOp::kUMin: return old < value ? old : value;
  }
  return value;
}

namespace {

template <typename T>
void cas_as(void* p, const uint64_t* expected, const uint64_t* desired, uint64_t* old) {
  T e = static_cast<T>(expected[0]);
  __atomic_compare_exchange_n(static_cast<T*>(p), &e, static_cast<T>(desired[0]), false, __ATOMIC_SEQ_CST,
                              __ATOMIC_SEQ_CST);
  old[0] = e;
}

// Written out: GCC turns the builtin into a call of libatomic.
void cas16(void* p, const uint64_t* expected, const uint64_t* desired, uint64_t* old) {
  uint64_t lo = expected[0];
  uint64_t hi = expected[1];
  asm volatile("lock cmpxchg16b %[mem]"
               : [mem] "+m"(*static_cast<unsigned __int128*>(p)), "+a"(lo), "+d"(hi)
               : "b"(desired[0]), "c"(desired[1])
               : "cc", "memory");
  old[0] = lo;
  old[1] = hi;
}

}  // namespace

void host_cas(void* p, unsigned bytes, const uint64_t* expected, const uint64_t* desired, uint64_t* old) {
  switch (bytes) {
    case 1: cas_as<uint8_t>(p, expected, desired, old); break;
    case 2: cas_as<uint16_t>(p, expected, desired, old); break;
    case 4: cas_as<uint32_t>(p, expected, desired, old); break;
    case 8: cas_as<uint64_t>(p, expected, desired, old); break;
    default: cas16(p, expected, desired, old); break;
  }
}

void host_cas_ordered(void* p, MemDesc d, bool swap, const uint64_t* expected, const uint64_t* desired,
                      uint64_t* old) {
  uint64_t e[2] = {};
  uint64_t n[2] = {};
  std::memcpy(e, expected, d.bytes());
  std::memcpy(n, desired, d.bytes());
  swap_elements(d, swap, e);
  swap_elements(d, swap, n);
  host_cas(p, d.bytes(), e, n, old);
  swap_elements(d, swap, old);
}

uint64_t host_rmw(void* p, MemDesc d, bool swap, RmwOp op, uint64_t value) {
  const unsigned bits = 8 * d.bytes();
  uint64_t guess[2] = {};
  for (;;) {
    // The first round guesses zero; what it reads is the next guess.
    const uint64_t desired[2] = {rmw_result(op, bits, guess[0], value), 0};
    uint64_t old[2] = {};
    host_cas_ordered(p, d, swap, guess, desired, old);
    if (old[0] == guess[0]) return old[0];
    guess[0] = old[0];
  }
}

}  // namespace xarch::tcg
