// Enumerates encodings: prefixes × map × opcode × modrm × sib, legacy and VEX.
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "targets/x86/core/decode.h"

namespace xarch::x86::test {

inline constexpr unsigned kCodeBytes = 24;

// Bytes before the opcode.
struct Lead {
  std::vector<uint8_t> bytes;
  bool every = false;  // all ModRM bytes, in a slice too
};

inline std::vector<Lead> legacy_leads(bool mode64) {
  const std::vector<std::vector<uint8_t>> prefixes = {{},
                                                      {0x66},
                                                      {0xf2},
                                                      {0xf3},
                                                      {0x67},
                                                      {0xf0},
                                                      {0x2e},
                                                      {0x64},
                                                      {0x66, 0xf2},
                                                      {0x66, 0xf3},
                                                      {0xf2, 0xf3},
                                                      {0xf3, 0xf2},
                                                      {0x67, 0x66},
                                                      {0xf0, 0x66},
                                                      {0xf3, 0x66},
                                                      {0xf2, 0xf0},
                                                      {0x65, 0x67, 0x36},
                                                      {0x36, 0x65},
                                                      {0x3e, 0xf0},
                                                      {0xf3, 0x67}};
  const std::vector<std::vector<uint8_t>> maps = {{}, {0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}};
  std::vector<std::vector<uint8_t>> rexes = {{}};
  if (mode64) rexes = {{}, {0x48}, {0x40}, {0x41}, {0x46}, {0x4f}, {0x48, 0x66}};
  std::vector<Lead> leads;
  for (size_t p = 0; p < prefixes.size(); ++p) {
    for (const auto& r : rexes) {
      for (const auto& m : maps) {
        Lead lead{prefixes[p], p < 4 && r.empty()};
        lead.bytes.insert(lead.bytes.end(), r.begin(), r.end());
        lead.bytes.insert(lead.bytes.end(), m.begin(), m.end());
        leads.push_back(lead);
      }
    }
  }
  return leads;
}

// rxb, vvvv, w, l and pp are the values that count, not their complements.
inline Lead vex3(unsigned map, unsigned rxb, unsigned w, unsigned vvvv, unsigned l, unsigned pp) {
  return {{0xc4, static_cast<uint8_t>((rxb ^ 7) << 5 | map),
           static_cast<uint8_t>(w << 7 | (vvvv ^ 15) << 3 | l << 2 | pp)},
          rxb == 0 && map >= 1 && map <= 3 && (vvvv == 0 || vvvv == 3)};
}

inline std::vector<Lead> vex_leads(bool mode64) {
  std::vector<Lead> leads;
  for (unsigned pp = 0; pp < 4; ++pp) {
    for (unsigned l = 0; l < 2; ++l) {
      for (unsigned w = 0; w < 2; ++w) {
        for (unsigned map = 1; map <= 3; ++map) {
          for (unsigned vvvv : {0u, 3u, 8u, 15u}) {
            leads.push_back(vex3(map, 0, w, vvvv, l, pp));
            if (mode64) leads.push_back(vex3(map, 7, w, vvvv, l, pp));
          }
          if (mode64) leads.push_back(vex3(map, 2, w, 0, l, pp));
        }
      }
      for (unsigned vvvv : {0u, 5u, 9u}) {
        const uint8_t b = static_cast<uint8_t>((vvvv ^ 15) << 3 | l << 2 | pp);
        if (mode64 || vvvv < 8) leads.push_back({{0xc5, static_cast<uint8_t>(b | 0x80)}});
        if (mode64) leads.push_back({{0xc5, b}});
      }
      leads.push_back({{0x67, 0xc5, static_cast<uint8_t>(0xf8 | l << 2 | pp)}});
      leads.push_back({{0x64, 0xc5, static_cast<uint8_t>(0xf8 | l << 2 | pp)}});
      for (uint8_t p : {0x66, 0xf2, 0xf3, 0xf0}) {
        leads.push_back({{p, 0xc5, static_cast<uint8_t>(0xf8 | l << 2 | pp)}});
      }
      if (mode64) leads.push_back({{0x48, 0xc5, static_cast<uint8_t>(0xf8 | l << 2 | pp)}});
    }
  }
  for (unsigned map : {0u, 4u, 5u, 6u, 31u}) leads.push_back(vex3(map, 0, 0, 0, 0, 1));
  return leads;
}

// Calls fn(code) with kCodeBytes bytes for each encoding; of those after a lead that is not `every`, one of
// `stride` at random.
template <typename Fn>
void each_encoding(const std::vector<Lead>& leads, unsigned stride, std::mt19937& rng, Fn fn) {
  uint8_t code[kCodeBytes];
  for (const Lead& lead : leads) {
    for (unsigned opcode = 0; opcode < 256; ++opcode) {
      for (unsigned modrm = 0; modrm < 256; ++modrm) {
        if (stride > 1 && rng() % stride >= (lead.every ? 4u : 1u)) continue;
        const unsigned sibs = modrm < 0xc0 && (modrm & 7) == 4 ? 4 : 1;
        for (unsigned s = 0; s < sibs; ++s) {
          for (unsigned i = 0; i < kCodeBytes; i += 4) {
            const uint32_t r = static_cast<uint32_t>(rng());
            std::memcpy(code + i, &r, 4);
          }
          uint8_t* at = code;
          for (uint8_t b : lead.bytes) *at++ = b;
          *at++ = static_cast<uint8_t>(opcode);
          *at++ = static_cast<uint8_t>(modrm);
          if (s == 1) *at = static_cast<uint8_t>((*at & 0xf8) | 5);     // no base where mod is 0
          if (s == 2) *at = static_cast<uint8_t>((*at & 0xc7) | 0x20);  // no index
          fn(code);
        }
      }
    }
  }
}

// Encodings of each row, with its prefix and all that it demands, so that a slice reaches every one:
// fn(code, row).
template <typename Fn>
void each_row(bool mode64, std::mt19937& rng, Fn fn) {
  uint8_t code[kCodeBytes];
  for (size_t index = 0; index < rows().size(); ++index) {
    const Row& r = rows()[index];
    for (unsigned round = 0; round < 64; ++round) {
      for (uint8_t& b : code) b = static_cast<uint8_t>(rng());
      const unsigned mask = r.key_mask, k = (rng() & ~mask) | r.key_value;
      const unsigned prefix = mask & 3u << key::kPrefix ? k >> key::kPrefix & 3 : 0;
      const bool w = (k >> key::kW & 1) != 0, w_given = (mask >> key::kW & 1) != 0;
      uint8_t* at = code;
      if (r.map >= Map::kVex0F) {
        const unsigned vvvv = mask >> key::kVvvv & 1 ? 0 : rng() % (mode64 ? 16 : 8);
        const unsigned map = static_cast<unsigned>(r.map) - static_cast<unsigned>(Map::kVex0F) + 1;
        const Lead lead = vex3(map, mode64 ? rng() & 7 : 0, w, vvvv, k >> key::kL & 1, prefix);
        for (uint8_t b : lead.bytes) *at++ = b;
      } else {
        if (prefix == 1) *at++ = 0x66;
        if (prefix == 2) *at++ = 0xf3;
        if (prefix == 3) *at++ = 0xf2;
        if (mode64 && (w_given || round % 2)) {
          *at++ = static_cast<uint8_t>(0x40 | (w && (w_given || round % 4 == 1) ? 8 : 0) |
                                       (round < 32 ? 0 : rng() & 7));
        }
        if (r.map != Map::kByte) *at++ = 0x0f;
        if (r.map == Map::k0F38) *at++ = 0x38;
        if (r.map == Map::k0F3A) *at++ = 0x3a;
        if (r.map == Map::kNow) *at++ = 0x0f;
      }
      if (r.map != Map::kNow) *at++ = static_cast<uint8_t>(r.opcode + (r.has(kPlusReg) ? rng() & 7 : 0));
      if (r.has(kModRm)) {
        unsigned mod = k >> key::kModReg & 1 ? 3 : rng() % 3;
        *at++ = static_cast<uint8_t>(mod << 6 | (k >> key::kReg & 7) << 3 | (k >> key::kRm & 7));
        if (r.map == Map::kNow) {  // no displacement
          at[-1] |= 0xc0;
          *at++ = r.opcode;
        }
      }
      fn(code, index);
    }
  }
}

}  // namespace xarch::x86::test
