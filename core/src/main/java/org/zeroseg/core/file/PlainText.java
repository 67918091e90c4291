package org.zeroseg.core.file;

/**
 * Makes untrusted names (of files, classes, categories) safe to print: characters that control a
 * terminal, end a line or change the text direction are escaped.
 */
public final class PlainText {

  private PlainText() {}

  /**
   * A text on one line.
   *
   * @param text anything
   * @return the text, with line breaks as {@code \n} and other characters that cannot be seen as
   *     <code>&#92;u001b</code> and the like
   */
  public static String line(Object text) {
    return spelt(String.valueOf(text), false);
  }

  /**
   * A text of several lines.
   *
   * @param text anything
   * @return the same with line breaks and tabs left as they are
   */
  public static String lines(String text) {
    return spelt(text, true);
  }

  /**
   * A text as a cell of a CSV file: one line, in quotes where it needs them, and nothing that a
   * spreadsheet would compute.
   *
   * @param text anything
   * @return with an apostrophe in front of what would begin a formula
   */
  public static String csvCell(String text) {
    String line = line(text);
    String cell = line.matches("^\\s*[=+\\-@].*") ? "'" + line : line;
    return cell.matches("[^,;\"]*") ? cell : '"' + cell.replace("\"", "\"\"") + '"';
  }

  /**
   * A text as content or attribute of HTML or XML.
   *
   * @param text anything
   * @return with entities for what would be markup
   */
  public static String markup(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private static String spelt(String text, boolean breaks) {
    StringBuilder spelt = null;
    for (int i = 0; i < text.length(); i++) {
      char letter = text.charAt(i);
      boolean plain = !steers(letter) || (breaks && isBreak(text, i));
      if (plain) {
        if (spelt != null) {
          spelt.append(letter);
        }
        continue;
      }
      if (spelt == null) {
        spelt = new StringBuilder(text.substring(0, i));
      }
      switch (letter) {
        case '\n' -> spelt.append("\\n");
        case '\r' -> spelt.append("\\r");
        case '\t' -> spelt.append("\\t");
        default -> spelt.append(String.format("\\u%04x", (int) letter));
      }
    }
    return spelt == null ? text : spelt.toString();
  }

  private static boolean isBreak(String text, int at) {
    char letter = text.charAt(at);
    boolean pair = letter == '\r' && at + 1 < text.length() && text.charAt(at + 1) == '\n';
    return letter == '\n' || letter == '\t' || pair;
  }

  private static boolean steers(char letter) {
    return Character.isISOControl(letter)
        || letter == '\u2028' // line separator
        || letter == '\u2029' // paragraph separator
        || (letter >= '\u202A' && letter <= '\u202E') // direction of writing
        || (letter >= '\u2066' && letter <= '\u2069');
  }
}
