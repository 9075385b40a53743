// Names that printer and parser share.
#pragma once

#include <string_view>

#include "tcg/ir/types.h"

namespace xarch::ir {

inline constexpr std::string_view kTypeNames[] = {"void",  "i1",  "i8",  "i16", "i32", "i64",  "i128",
                                                  "flags", "f32", "f64", "f80", "v64", "v128", "v256"};
inline constexpr std::string_view kCondNames[] = {"eq",  "ne",  "ult", "ule", "ugt",
                                                  "uge", "slt", "sle", "sgt", "sge"};
inline constexpr std::string_view kFlagCondNames[] = {"z",  "nz", "c",  "nc", "n",  "nn", "v",  "nv", "hi",
                                                      "ls", "a",  "be", "ge", "lt", "gt", "le", "p",  "np"};
inline constexpr std::string_view kOrderNames[] = {"relaxed", "acquire", "release", "seq_cst"};
inline constexpr std::string_view kXformNames[] = {"none", "wrap32", "strip_tag"};
inline constexpr std::string_view kFenceNames[] = {"load_load", "load_store", "store_load", "store_store"};
inline constexpr std::string_view kRmwNames[] = {"xchg",   "add",  "and",  "or",   "xor",
                                                 "andnot", "smax", "smin", "umax", "umin"};
inline constexpr std::string_view kProbeNames[] = {"load", "store", "tail"};
inline constexpr std::string_view kJumpNames[] = {"jump", "call", "return"};

}  // namespace xarch::ir
