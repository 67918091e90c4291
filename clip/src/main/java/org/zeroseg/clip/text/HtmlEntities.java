package org.zeroseg.clip.text;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Character references as HTML defines them. */
final class HtmlEntities {

  /** Names without ampersand; with the closing semicolon, and without it where HTML allows that. */
  private static final Map<String, String> NAMED = read();

  private static final int LONGEST_NAME = 32;
  private static final Pattern REFERENCE =
      Pattern.compile("&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\\t\\n\\f <&#;]{1,32};?)");
  private static final Pattern CLOSED = Pattern.compile("&#?[0-9A-Za-z]{1,24};");

  /** What numbers 128 to 159 mean: Windows-1252, with its holes left as they are. */
  private static final String WINDOWS_1252 =
      "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f"
          + "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

  private HtmlEntities() {}

  private static Map<String, String> read() {
    Map<String, String> named = new HashMap<>();
    for (String line : Resource.lines("html-entities.txt")) {
      String[] parts = line.split(" ", -1);
      StringBuilder value = new StringBuilder();
      for (int i = 1; i < parts.length; i++) {
        value.appendCodePoint(Integer.parseInt(parts[i], 16));
      }
      String name = parts[0];
      if (name.endsWith("?")) {
        name = name.substring(0, name.length() - 1);
        named.put(name, value.toString());
      }
      named.put(name + ";", value.toString());
    }
    return Map.copyOf(named);
  }

  /**
   * Replaces every character reference, as a browser does: names may lack the semicolon where HTML
   * knows them so, and then the longest known beginning counts.
   */
  static String unescape(String text) {
    return text.indexOf('&') < 0
        ? text
        : REFERENCE
            .matcher(text)
            .replaceAll(found -> Matcher.quoteReplacement(character(found.group(1))));
  }

  /**
   * Replaces the references that nobody writes by accident: closed ones, and upper-case spellings
   * of all-lower-case names that HTML itself does not know (EACUTE).
   */
  static String unescapeClosed(String text) {
    return text.indexOf('&') < 0
        ? text
        : CLOSED.matcher(text).replaceAll(found -> Matcher.quoteReplacement(closed(found.group())));
  }

  private static String closed(String reference) {
    String name = reference.substring(1);
    if (name.startsWith("#")) {
      String value = unescape(reference);
      return value.indexOf(';') < 0 ? value : reference;
    }
    String value = NAMED.get(name);
    if (value != null) {
      return value;
    }
    String lower = name.toLowerCase(Locale.ROOT);
    boolean shouted =
        name.equals(name.toUpperCase(Locale.ROOT))
            && NAMED.containsKey(lower)
            && unescape(reference).equals(reference);
    return shouted ? NAMED.get(lower).toUpperCase(Locale.ROOT) : reference;
  }

  /** The meaning of a reference without its ampersand, or the reference where it has none. */
  private static String character(String reference) {
    if (reference.startsWith("#")) {
      return numbered(reference);
    }
    String exact = NAMED.get(reference);
    if (exact != null) {
      return exact;
    }
    for (int end = Math.min(reference.length() - 1, LONGEST_NAME); end > 1; end--) {
      String beginning = NAMED.get(reference.substring(0, end));
      if (beginning != null) {
        return beginning + reference.substring(end);
      }
    }
    return "&" + reference;
  }

  private static String numbered(String reference) {
    boolean hexadecimal = reference.charAt(1) == 'x' || reference.charAt(1) == 'X';
    int radix = hexadecimal ? 16 : 10;
    int number = 0;
    for (int i = hexadecimal ? 2 : 1; i < reference.length() && reference.charAt(i) != ';'; i++) {
      number = Math.min(number * radix + Character.digit(reference.charAt(i), radix), 0x110000);
    }
    if (number >= 0x80 && number <= 0x9f) {
      return String.valueOf(WINDOWS_1252.charAt(number - 0x80));
    }
    if (number == 0 || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff)) {
      return "\ufffd";
    }
    return names(number) ? Character.toString(number) : "";
  }

  /** Whether a number may be written as a reference: controls and non-characters may not. */
  private static boolean names(int number) {
    boolean control =
        (number < 0x20 && number != '\t' && number != '\n' && number != '\f' && number != '\r')
            || number == 0x7f;
    boolean nonCharacter = (number >= 0xfdd0 && number <= 0xfdef) || (number & 0xfffe) == 0xfffe;
    return !control && !nonCharacter;
  }
}
