// The floating-point state in a signal frame: XSAVE's image with Linux's marks in it (asm/sigcontext.h), or
// FXSAVE's on processors without XSAVE. In frames of i386 programs FSAVE's image comes first, and is all
// there is on processors without FXSAVE.
#pragma once

#include <cstdint>

#include "targets/x86/core/state.h"

namespace xarch::x86 {

// Bytes of it. frame32: as i386 programs have it.
uint64_t fp_frame_bytes(const Model& model, bool frame32);
// The highest address at or below `at` where it may begin.
uint64_t align_fp_frame(const Model& model, uint64_t at, bool frame32);
// What it adds to uc_flags: UC_FP_XSTATE.
uint32_t fp_frame_flags(const Model& model);
// Writes fp_frame_bytes(). The handler begins with the state of a new process.
void build_fp_frame(X86State& s, const Model& model, uint8_t* out, bool frame32);
// Takes the state from what the frame's pointer points to (guest address; 0: the initial state). False if it
// cannot be read or is malformed.
bool restore_fp_frame(X86State& s, const Model& model, uint64_t from, bool frame32);

}  // namespace xarch::x86
