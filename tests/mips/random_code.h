// Random MIPS32 code whose behaviour is defined: no branch in a delay slot, no field out of its range, memory
// accesses near the pointers of the state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

#include "tests/mips/harness_layout.h"

namespace xarch::mips {

// Address of the record's code word.
inline uint32_t code_address(unsigned record, unsigned word) {
  return kRecords + record * static_cast<uint32_t>(sizeof(Record)) +
         static_cast<uint32_t>(offsetof(Record, code)) + word * 4;
}

// A record in the host's byte order. Its first instruction is of the given row of the table.
Record random_record(unsigned index, unsigned first_row, std::mt19937_64& rng);

// May the row be executed in such a record at all?
bool row_usable(unsigned row);

}  // namespace xarch::mips
