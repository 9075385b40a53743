// Types, conditions and memory descriptors of the IR.
#pragma once

#include <bit>
#include <cstdint>

namespace xarch::ir {

enum class Type : uint8_t {
  kVoid,
  kI1,
  kI8,
  kI16,
  kI32,
  kI64,
  kI128,
  kFlags,  // packed flags, see FlagBits
  kF32,
  kF64,
  kF80,
  kV64,
  kV128,
  kV256,
};

// Size of a value of the type in a state slot or in memory, in bytes.
constexpr unsigned type_bytes(Type t) {
  switch (t) {
    case Type::kVoid: return 0;
    case Type::kI1:
    case Type::kI8: return 1;
    case Type::kI16:
    case Type::kFlags: return 2;
    case Type::kI32:
    case Type::kF32: return 4;
    case Type::kI64:
    case Type::kF64:
    case Type::kV64: return 8;
    case Type::kF80: return 10;
    case Type::kI128:
    case Type::kV128: return 16;
    case Type::kV256: return 32;
  }
  return 0;
}
constexpr unsigned type_bits(Type t) { return t == Type::kI1 ? 1 : type_bytes(t) * 8; }
// Ones in the bits that a value of the integer type t (i1..i64) has.
constexpr uint64_t type_mask(Type t) {
  const unsigned bits = type_bits(t);
  return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
}
constexpr bool is_int(Type t) { return t >= Type::kI1 && t <= Type::kI128; }
constexpr bool is_vector(Type t) { return t >= Type::kV64 && t <= Type::kV256; }
constexpr bool is_float(Type t) { return t >= Type::kF32 && t <= Type::kF80; }

// Comparison of two integers.
enum class Cond : uint8_t { kEq, kNe, kUlt, kUle, kUgt, kUge, kSlt, kSle, kSgt, kSge };
constexpr Cond negate(Cond c) {
  constexpr Cond kTable[] = {Cond::kNe,  Cond::kEq,  Cond::kUge, Cond::kUgt, Cond::kUle,
                             Cond::kUlt, Cond::kSge, Cond::kSgt, Cond::kSle, Cond::kSlt};
  return kTable[static_cast<int>(c)];
}

// Layout of a packed-flags value: what x86's LAHF and SETO leave in AX, so that one costs two host
// instructions. N, Z, C, V and P (even parity of the low byte of the result) are always defined; A (carry out
// of bit 3) after additions and subtractions only. All other bits are unspecified: compare packed values
// through kFlagsDefined.
enum FlagBits : uint16_t {
  kFlagV = 1u << 0,
  kFlagC = 1u << 8,
  kFlagP = 1u << 10,
  kFlagA = 1u << 12,
  kFlagZ = 1u << 14,
  kFlagN = 1u << 15,
  kFlagsDefined = kFlagV | kFlagC | kFlagP | kFlagZ | kFlagN,
};

// A condition on packed flags.
enum class FlagCond : uint8_t {
  kZ,
  kNz,  // Z
  kC,
  kNc,  // C
  kN,
  kNn,  // N
  kV,
  kNv,  // V
  kHi,
  kLs,  // C and not Z (the carry is "no borrow": Arm, PowerPC style), and its negation
  kA,
  kBe,  // not C and not Z (the carry is a borrow: x86 style), and its negation
  kGe,
  kLt,  // N == V
  kGt,
  kLe,  // not Z and N == V
  kP,
  kNp,  // P
};
constexpr FlagCond negate(FlagCond c) { return static_cast<FlagCond>(static_cast<uint8_t>(c) ^ 1); }

// Order of a memory access with respect to the others of its thread.
enum class Order : uint8_t { kRelaxed, kAcquire, kRelease, kSeqCst };

// What the address goes through before it is used: kWrap32 keeps the lowest 32 bits, kStripTag clears the
// highest eight.
enum class AddrXform : uint8_t { kNone, kWrap32, kStripTag };

// What a memory access is, but for its address, value and displacement; says nothing about the mode it runs
// in. Its 32 bits stand in the upper half of the instruction's `imm` (lower half: signed displacement).
struct alignas(4) MemDesc {
  uint8_t size : 3 = 0;     // log2 of the bytes accessed, 0..5
  uint8_t elem : 3 = 0;     // log2 of the bytes of an element; byte order applies to each one. == size for
                            // scalars; an integer may also be a pair of elements
  bool sign : 1 = false;    // loads: sign-extend to the result type instead of zero-extending
  bool big : 1 = false;     // big-endian
  uint8_t align : 3 = 0;    // log2 of the alignment the guest demands; an access that is less aligned faults
  bool atomic : 1 = false;  // single-copy atomic even where the host would not make it so by itself
  Order order : 2 = Order::kRelaxed;
  AddrXform xform : 2 = AddrXform::kNone;
  uint16_t mmu_index : 4 = 0;  // 0..15: which of the guest's translation regimes
  uint16_t unused : 12 = 0;

  uint32_t pack() const { return std::bit_cast<uint32_t>(*this); }
  static MemDesc unpack(uint32_t v) { return std::bit_cast<MemDesc>(v); }
  constexpr unsigned bytes() const { return 1u << size; }
};
static_assert(sizeof(MemDesc) == 4);

// What Op::kProbe stands for.
enum class ProbeKind : uint8_t {
  kLoad,
  kStore,
  // These bytes are the last part of a store that the instruction makes in parts, of which the part before
  // tells unless a page begins here. Under the flat policy: if one begins at most at the last byte, faults as
  // a store would to the byte as far before these as they are many, then as one to where the page begins.
  // Under the soft-TLB policy: as kStore.
  kTail
};

// A fence orders the accesses before it against those after it.
enum class Fence : uint8_t {
  kLoadLoad = 1,
  kLoadStore = 2,
  kStoreLoad = 4,
  kStoreStore = 8,
  kFull = 15,
};

// Read-modify-write operations of `rmw`.
enum class RmwOp : uint8_t { kXchg, kAdd, kAnd, kOr, kXor, kAndNot, kSMax, kSMin, kUMax, kUMin };

// How the floating-point ops round: the low bits of the imm of f.round and f.to_int, with FpImm besides.
enum class FpRound : uint8_t {
  kNearest,  // ties to even
  kUp,
  kDown,
  kZero,
  kAway,         // to nearest, ties away from zero
  kCurrent = 8,  // the environment's mode
};
enum FpImm : uint32_t {
  kFpRoundMask = 15,
  kFpInexact = 16,   // f.round: raises inexact if the value changes
  kFpUnsigned = 32,  // f.to_int, f.from_int: the integer is unsigned
};

// The constants of f80.const, rounded from more bits than the type has.
enum class F80Constant : uint8_t { kOne, kLog2Of10, kLog2OfE, kPi, kLog10Of2, kLnOf2, kZero };

// The imm of f.cmp: relations, and whether any NaN is invalid (else signalling ones only).
enum FpRelation : uint32_t { kFpLess = 1, kFpEqual = 2, kFpGreater = 4, kFpUnordered = 8, kFpSignals = 16 };
// Of flags.fcmp: flags as x86's comparisons leave them.
inline constexpr uint32_t kFpHostFlags = 2;
// Of f.cvt: the operand's lane, and an explicit rounding.
inline constexpr uint32_t kFpLaneMask = 15;
inline constexpr unsigned kFpRoundShift = 4;

// What f80.load and f80.store have in memory, as a type.
enum class F80Format : uint8_t { kF32, kF64, kI16, kI32, kI64 };
inline constexpr uint32_t kF80Truncates = 8;
constexpr Type f80_format_type(uint32_t aux) {
  constexpr Type kTypes[] = {Type::kF32, Type::kF64, Type::kI16, Type::kI32, Type::kI64};
  return (aux & 7) < 5 ? kTypes[aux & 7] : Type::kVoid;
}

// Kinds of control transfer, for return prediction, polls and tracing.
enum class JumpKind : uint8_t { kJump, kCall, kReturn };

}  // namespace xarch::ir
