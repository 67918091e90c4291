package org.zeroseg.clip.text;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Repairs text that was written as UTF-8 and read in a one-byte encoding ({@code cafÃ©}). The rules
 * and their order are those of ftfy 6.3 ({@code fix_encoding}; Robyn Speer, Apache-2.0).
 */
final class Mojibake {

  private static final Pattern UNLIKELY;
  private static final Pattern SEQUENCES;
  private static final List<Encoding> ENCODINGS;
  private static final Encoding WINDOWS_1252;

  /** UTF-8 in which byte a0 became a blank; bytes are held as characters of the same number. */
  private static final Pattern BLANK_FOR_A0 =
      Pattern.compile(
          "[\\xc2\\xc3\\xc5\\xce\\xd0\\xd9] "
              + "|[\\xe2\\xe3] [\\x80-\\x84\\x86-\\x9f\\xa1-\\xbf]"
              + "|[\\xe0-\\xe3][\\x80-\\x84\\x86-\\x9f\\xa1-\\xbf] "
              + "|\\xf0 [\\x80-\\xbf][\\x80-\\xbf]"
              + "|\\xf0[\\x80-\\xbf] [\\x80-\\xbf]"
              + "|\\xf0[\\x80-\\xbf][\\x80-\\xbf] ");

  /** A word that ends in a-grave keeps its blank, except where Portuguese contracts. */
  private static final Pattern A_GRAVE_WORD = Pattern.compile("\\xc3 (?! |quele|quela|quilo|s )");

  /** UTF-8 of which a byte was lost (1a stands for U+FFFD in the sloppy encodings). */
  private static final Pattern LOSSY =
      Pattern.compile(
          "[\\xc2-\\xdf]\\x1a|[\\xc2-\\xc3][?]"
              + "|\\xed[\\xa0-\\xaf][\\x1a?]\\xed[\\xb0-\\xbf][\\x1a?\\x80-\\xbf]"
              + "|\\xed[\\xa0-\\xaf][\\x1a?\\x80-\\xbf]\\xed[\\xb0-\\xbf][\\x1a?]"
              + "|[\\xe0-\\xef][\\x1a?][\\x1a\\x80-\\xbf]"
              + "|[\\xe0-\\xef][\\x1a\\x80-\\xbf][\\x1a?]"
              + "|[\\xf0-\\xf4][\\x1a?][\\x1a\\x80-\\xbf][\\x1a\\x80-\\xbf]"
              + "|[\\xf0-\\xf4][\\x1a\\x80-\\xbf][\\x1a?][\\x1a\\x80-\\xbf]"
              + "|[\\xf0-\\xf4][\\x1a\\x80-\\xbf][\\x1a\\x80-\\xbf][\\x1a?]"
              + "|\\x1a");

  private static final String LOST = "\u00ef\u00bf\u00bd"; // the UTF-8 bytes of U+FFFD

  /** Characters beyond the basic plane, each half encoded by itself (CESU-8). */
  private static final Pattern SPLIT_PAIR =
      Pattern.compile("\\xed([\\xa0-\\xaf])([\\x80-\\xbf])\\xed([\\xb0-\\xbf])([\\x80-\\xbf])");

  private static final Pattern C1 = Pattern.compile("[\\x80-\\x9f]");

  static {
    Map<String, String> classes = new LinkedHashMap<>();
    List<String> unlikely = new ArrayList<>();
    List<String> sequences = new ArrayList<>();
    List<Encoding> encodings = new ArrayList<>();
    for (String line : Resource.lines("mojibake.txt")) {
      String[] parts = line.split(" ", 3);
      switch (parts[0]) {
        case "class" -> classes.put(parts[1], parts[2]);
        case "unlikely" -> unlikely.add(expand(line.substring(9), classes));
        case "sequence" -> sequences.add(expand(line.substring(9), classes));
        case "encoding" -> encodings.add(Encoding.parse(parts[1], parts[2]));
        default -> throw new IllegalStateException("mojibake.txt: " + line);
      }
    }
    UNLIKELY = Pattern.compile(String.join("|", unlikely), Pattern.UNICODE_CHARACTER_CLASS);
    String strict = classes.get("utf8_continuation_strict");
    // Possessive, because a greedy group takes one stack frame a repetition.
    SEQUENCES = Pattern.compile("(?<![" + strict + "])(?:" + String.join("|", sequences) + ")++");
    ENCODINGS = List.copyOf(encodings);
    WINDOWS_1252 =
        encodings.stream()
            .filter(encoding -> encoding.name().equals("sloppy-windows-1252"))
            .findFirst()
            .orElseThrow();
  }

  private Mojibake() {}

  private static String expand(String pattern, Map<String, String> classes) {
    String expanded = pattern;
    for (Map.Entry<String, String> named : classes.entrySet()) {
      expanded = expanded.replace("{" + named.getKey() + "}", named.getValue());
    }
    return expanded;
  }

  /** The text as it was meant, or the same text where nothing in it looks wrong. */
  static String repair(String text) {
    String before = text;
    while (true) {
      String after = step(before);
      if (after.equals(before)) {
        return after;
      }
      before = after;
    }
  }

  private static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < 0x80);
  }

  private static String step(String text) {
    if (isAscii(text) || !UNLIKELY.matcher(text).find()) {
      return text;
    }
    boolean latin1 = false;
    for (Encoding encoding : ENCODINGS) {
      Optional<String> bytes = encoding.encode(text);
      if (bytes.isPresent()) {
        latin1 |= encoding.name().equals("latin-1");
        Optional<String> decoded = decode(restore(bytes.get(), encoding));
        if (decoded.isPresent()) {
          return decoded.get();
        }
      }
    }
    String pieces =
        SEQUENCES
            .matcher(text)
            .replaceAll(found -> Matcher.quoteReplacement(piece(found.group(), text)));
    if (!pieces.equals(text)) {
      return pieces;
    }
    // Latin-1 with control characters was meant as Windows-1252, unless that has holes there.
    if (latin1) {
      Optional<String> strict = WINDOWS_1252.decodeStrictly(text);
      if (strict.isPresent() && !strict.get().equals(text)) {
        return strict.get();
      }
    }
    return fixC1(text);
  }

  private static String piece(String found, String whole) {
    return found.length() < whole.length() && UNLIKELY.matcher(found).find()
        ? repair(found)
        : found;
  }

  /** Reads the control characters 80 to 9f as Windows-1252, as browsers do. */
  static String fixC1(String text) {
    return C1.matcher(text)
        .replaceAll(found -> String.valueOf(WINDOWS_1252.decode(found.group().charAt(0))));
  }

  private static String restore(String bytes, Encoding encoding) {
    String restored = bytes;
    // In MacRoman an en dash before a blank would look like such a sequence.
    if (!encoding.name().equals("macroman") && BLANK_FOR_A0.matcher(restored).find()) {
      restored = A_GRAVE_WORD.matcher(restored).replaceAll("\u00c3\u00a0 ");
      restored =
          BLANK_FOR_A0.matcher(restored).replaceAll(found -> found.group().replace(' ', '\u00a0'));
    }
    return encoding.sloppy() ? LOSSY.matcher(restored).replaceAll(LOST) : restored;
  }

  /** UTF-8, strictly, but with Java's zero (c0 80) and CESU-8 pairs allowed. */
  private static Optional<String> decode(String bytes) {
    String standard =
        SPLIT_PAIR
            .matcher(bytes.replace("\u00c0\u0080", "\0"))
            .replaceAll(found -> Matcher.quoteReplacement(join(found.group())));
    try {
      return Optional.of(
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(standard.getBytes(StandardCharsets.ISO_8859_1)))
              .toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  private static String join(String pair) {
    int codePoint =
        ((pair.charAt(1) & 0x0f) << 16)
            + ((pair.charAt(2) & 0x3f) << 10)
            + ((pair.charAt(4) & 0x0f) << 6)
            + (pair.charAt(5) & 0x3f)
            + 0x10000;
    byte[] utf8 = Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
    return new String(utf8, StandardCharsets.ISO_8859_1);
  }

  /**
   * A one-byte encoding; a sloppy one reads unassigned bytes as the code point of the same number,
   * and byte 1a as U+FFFD.
   */
  private record Encoding(
      String name, boolean sloppy, String upper, Map<Character, Character> bytes) {

    static Encoding parse(String name, String description) {
      String characters =
          Pattern.compile("\\\\u([0-9a-f]{4})")
              .matcher(description)
              .replaceAll(
                  found ->
                      Matcher.quoteReplacement(
                          String.valueOf((char) Integer.parseInt(found.group(1), 16))));
      boolean sloppy = name.startsWith("sloppy-");
      StringBuilder upper = new StringBuilder();
      Map<Character, Character> bytes = new HashMap<>();
      for (char value = 0; value < 0x80; value++) {
        bytes.put(sloppy && value == 0x1a ? '\ufffd' : value, value);
      }
      for (int i = 0; i < 0x80; i++) {
        char value = (char) (0x80 + i);
        char character = characters.charAt(i) == '~' ? value : characters.charAt(i);
        upper.append(character);
        bytes.put(character, value);
      }
      return new Encoding(name, sloppy, upper.toString(), Map.copyOf(bytes));
    }

    /** The bytes, as characters of the same number, if all characters have one. */
    Optional<String> encode(String text) {
      StringBuilder encoded = new StringBuilder(text.length());
      for (int i = 0; i < text.length(); i++) {
        Character value = bytes.get(text.charAt(i));
        if (value == null) {
          return Optional.empty();
        }
        encoded.append(value.charValue());
      }
      return Optional.of(encoded.toString());
    }

    char decode(char value) {
      return value < 0x80 ? value : upper.charAt(value - 0x80);
    }

    /** Fails at the holes of the encoding, which {@link #decode} reads as controls. */
    Optional<String> decodeStrictly(String values) {
      StringBuilder decoded = new StringBuilder(values.length());
      for (int i = 0; i < values.length(); i++) {
        char character = decode(values.charAt(i));
        if (character >= 0x80 && character <= 0x9f) {
          return Optional.empty();
        }
        decoded.append(character);
      }
      return Optional.of(decoded.toString());
    }
  }
}
