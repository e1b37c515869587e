// SPDX-License-Identifier: MIT
#include "codec/deflate_block.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "codec/huffman.h"

namespace mrf::codec::deflate {

namespace {

static_assert(std::endian::native == std::endian::little);

// Bits from the lowest on, written eight bytes at a time over each other: there have to be 8 bytes of room
// behind.
class Bits {
 public:
  explicit Bits(char* to) : begin_(to), at_(to) {}

  /// At most 56 bits between two calls of flush().
  void put(std::uint64_t bits, unsigned count) {
    held_ |= bits << count_;
    count_ += count;
  }
  void flush() {
    std::memcpy(at_, &held_, sizeof held_);
    at_ += count_ / 8;
    held_ >>= count_ & ~7U;
    count_ &= 7;
  }
  std::size_t finish() {
    flush();
    return static_cast<std::size_t>(at_ - begin_) + (count_ > 0 ? 1 : 0);
  }

 private:
  char* begin_;
  char* at_;
  std::uint64_t held_ = 0;
  unsigned count_ = 0;
};

template <std::size_t N>
struct Code {
  std::array<std::uint8_t, N> lengths;
  std::array<std::uint16_t, N> codes;

  Code(std::span<const std::uint32_t> frequencies, unsigned most_bits) {
    code_lengths(frequencies, most_bits, lengths);
    assign_codes(lengths, codes);
  }
  std::uint64_t bits_of(std::span<const std::uint32_t> frequencies) const {
    std::uint64_t bits = 0;
    for (std::size_t at = 0; at < N; ++at) bits += std::uint64_t{frequencies[at]} * lengths[at];
    return bits;
  }
};

// The lengths of both codes, run-length encoded (RFC 1951, section 3.2.7).
class CodeLengths {
 public:
  CodeLengths(std::span<const std::uint8_t> literals, std::span<const std::uint8_t> distances)
      : literals_(used(literals, first_length)), distances_(used(distances, 1)) {
    std::copy_n(literals.begin(), literals_, all_.begin());
    std::copy_n(distances.begin(), distances_, all_.begin() + static_cast<std::ptrdiff_t>(literals_));
    encode();
    code_ = {frequencies_, 7};
    while (order_used_ > 4 && code_.lengths[order[order_used_ - 1]] == 0) --order_used_;
  }

  std::uint64_t bits() const {
    std::uint64_t bits = 5 + 5 + 4 + 3 * order_used_ + code_.bits_of(frequencies_);
    for (const std::size_t symbol : {copy_last, few_zeros, many_zeros}) {
      bits += std::uint64_t{frequencies_[symbol]} * extra_bits(symbol);
    }
    return bits;
  }

  void write(Bits& to) const {
    to.put(literals_ - first_length, 5);
    to.put(distances_ - 1, 5);
    to.put(order_used_ - 4, 4);
    to.flush();
    for (std::size_t at = 0; at < order_used_; ++at) {
      to.put(code_.lengths[order[at]], 3);
      to.flush();
    }
    for (std::size_t at = 0; at < symbols_used_; ++at) {
      const Symbol symbol = symbols_[at];
      to.put(code_.codes[symbol.symbol], code_.lengths[symbol.symbol]);
      to.put(symbol.extra, extra_bits(symbol.symbol));
      to.flush();
    }
  }

 private:
  static constexpr std::size_t copy_last = 16;
  static constexpr std::size_t few_zeros = 17;
  static constexpr std::size_t many_zeros = 18;
  static constexpr std::size_t symbols = 19;
  static constexpr std::array<std::uint8_t, symbols> order{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                           11, 4,  12, 3, 13, 2, 14, 1, 15};
  struct Symbol {
    std::uint8_t symbol;
    std::uint8_t extra;
  };

  static std::size_t used(std::span<const std::uint8_t> lengths, std::size_t least) {
    std::size_t count = lengths.size();
    while (count > least && lengths[count - 1] == 0) --count;
    return count;
  }
  static unsigned extra_bits(std::size_t symbol) {
    return symbol == copy_last ? 2 : symbol == few_zeros ? 3 : symbol == many_zeros ? 7 : 0;
  }

  void add(std::size_t symbol, std::size_t extra = 0) {
    symbols_[symbols_used_++] = {static_cast<std::uint8_t>(symbol), static_cast<std::uint8_t>(extra)};
    ++frequencies_[symbol];
  }

  void encode() {
    const std::size_t total = literals_ + distances_;
    for (std::size_t at = 0; at < total;) {
      const std::uint8_t length = all_[at];
      std::size_t run = 1;
      while (at + run < total && all_[at + run] == length) ++run;
      at += run;
      if (length == 0) {
        for (; run >= 11; run -= std::min<std::size_t>(run, 138))
          add(many_zeros, std::min<std::size_t>(run, 138) - 11);
        if (run >= 3) {
          add(few_zeros, run - 3);
          run = 0;
        }
      } else {
        add(length);
        --run;
        for (; run >= 3; run -= std::min<std::size_t>(run, 6))
          add(copy_last, std::min<std::size_t>(run, 6) - 3);
      }
      for (; run > 0; --run) add(length);
    }
  }

  std::size_t literals_;
  std::size_t distances_;
  std::array<std::uint8_t, literal_symbols + distance_symbols> all_{};
  std::array<Symbol, literal_symbols + distance_symbols> symbols_;
  std::size_t symbols_used_ = 0;
  std::array<std::uint32_t, symbols> frequencies_{};
  Code<symbols> code_{frequencies_, 7};
  std::size_t order_used_ = symbols;
};

// A symbol's code with what follows it in the same bits.
struct Piece {
  std::uint32_t bits;
  std::uint32_t count;
};

class Pieces {
 public:
  Pieces(const Code<literal_symbols>& literals, const Code<distance_symbols>& distances)
      : distances_(distances) {
    for (std::size_t at = 0; at < literals_.size(); ++at) {
      literals_[at] = {literals.codes[at], literals.lengths[at]};
    }
    for (std::size_t length = least_match; length <= most_match; ++length) {
      const std::size_t slot = length_slot(length);
      const std::uint32_t bits = literals.lengths[first_length + slot];
      const auto extra = static_cast<std::uint32_t>(length - length_base[slot]);
      lengths_[length] = {literals.codes[first_length + slot] | extra << bits, bits + length_extra[slot]};
    }
  }

  Piece literal(char byte) const { return literals_[static_cast<unsigned char>(byte)]; }
  Piece literal_if(bool wanted, char byte) const {
    const std::uint32_t mask = 0U - std::uint32_t{wanted};
    const Piece piece = literal(byte);
    return {piece.bits & mask, piece.count & mask};
  }
  Piece length(std::size_t length) const { return lengths_[length]; }
  Piece distance(std::uint32_t distance) const {
    const std::size_t slot = distance_slot(distance);
    const std::uint32_t bits = distances_.lengths[slot];
    return {distances_.codes[slot] | (distance - distance_base(slot)) << bits, bits + distance_extra(slot)};
  }

 private:
  std::array<Piece, 256> literals_;
  std::array<Piece, most_match + 1> lengths_{};
  const Code<distance_symbols>& distances_;
};

std::uint64_t extra_bits_of(const Frequencies& frequencies) {
  std::uint64_t bits = 0;
  for (std::size_t slot = 0; slot < length_slots; ++slot) {
    bits += std::uint64_t{frequencies.literals[first_length + slot]} * length_extra[slot];
  }
  for (std::size_t slot = 0; slot < distance_symbols; ++slot) {
    bits += std::uint64_t{frequencies.distances[slot]} * distance_extra(slot);
  }
  return bits;
}

// Most runs of literals are short, and how short cannot be foreseen: the last three places are written
// without a branch, those behind the end of the run as no bits.
// Returns what follows the sequences in the payload.
const char* write_sequences(const char* from, std::span<const Sequence> sequences, const Pieces& pieces,
                            Bits& to) {
  const auto put = [&to](Piece piece) { to.put(piece.bits, piece.count); };
  for (const Sequence& sequence : sequences) {
    std::uint32_t left = sequence.literals;
    for (; left > 3; left -= 3, from += 3) {  // 3 codes of at most 15 bits, and 7 bits that are held
      put(pieces.literal(from[0]));
      put(pieces.literal(from[1]));
      put(pieces.literal(from[2]));
      to.flush();
    }
    put(pieces.literal_if(left > 0, from[0]));
    put(pieces.literal_if(left > 1, from[1]));
    put(pieces.literal_if(left > 2, from[2]));
    to.flush();
    from += left + sequence.length;
    if (sequence.length == 0) continue;
    put(pieces.length(sequence.length));
    put(pieces.distance(sequence.distance_less_one + std::uint32_t{1}));
    to.flush();
  }
  return from;
}

}  // namespace

std::size_t write_blocks(const char* payload, std::span<const BlockPart> parts, std::span<char> to) {
  Bits out(to.data());
  std::uint64_t bits = 0;
  for (const BlockPart& part : parts) {
    const Frequencies& frequencies = part.frequencies;
    const Code<literal_symbols> literals(frequencies.literals, most_code_bits);
    const Code<distance_symbols> distances(frequencies.distances, most_code_bits);
    const CodeLengths lengths(literals.lengths, distances.lengths);
    bits += 3 + lengths.bits() + literals.bits_of(frequencies.literals) +
            distances.bits_of(frequencies.distances) + extra_bits_of(frequencies);
    if (bits / 8 + 1 + sizeof(std::uint64_t) > to.size()) return 0;
    out.put(&part == &parts.back() ? 1 : 0, 1);  // the last block
    out.put(2, 2);                               // with codes of its own
    lengths.write(out);
    payload = write_sequences(payload, part.sequences, Pieces(literals, distances), out);
    out.put(literals.codes[end_of_block], literals.lengths[end_of_block]);
    out.flush();
  }
  return out.finish();
}

}  // namespace mrf::codec::deflate
