// Op codes and what ops.def says of each.
#pragma once

#include <cstdint>
#include <string_view>

#include "tcg/ir/types.h"

namespace xarch::ir {

enum class Op : uint8_t {
#define OP(name, text, result, operands, attributes) k##name,
#include "tcg/ir/ops.def"
#undef OP
};

enum OpAttr : uint16_t {
  kPure = 1u << 0,
  kReadsState = 1u << 1,
  kWritesState = 1u << 2,
  kReadsMem = 1u << 3,
  kWritesMem = 1u << 4,
  kMayFault = 1u << 5,
  kTerm = 1u << 6,
  kBarrier = 1u << 7,
  kFpEnv = 1u << 8,
};

// How the result type of an op is found: a fixed type, or the instruction's own.
struct OpInfo {
  std::string_view text;
  std::string_view operands;  // one letter each, see ops.def; empty if none
  Type fixed;                 // result type if !own_type
  bool own_type;              // the result type stands in the instruction
  uint16_t attributes;
  uint8_t num_operands;
};

const OpInfo& op_info(Op op);
extern const unsigned kNumOps;
// The attributes alone, close together: passes look at them for every op.
extern const uint16_t kOpAttributes[];
inline unsigned op_attributes(Op op) { return kOpAttributes[static_cast<unsigned>(op)]; }
inline bool is_pure(Op op) { return (op_attributes(op) & kPure) != 0; }
inline bool is_terminator(Op op) { return (op_attributes(op) & kTerm) != 0; }

}  // namespace xarch::ir
