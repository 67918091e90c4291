package org.zeroseg.core.hub;

/**
 * What a user proves himself with; never a part of any message.
 *
 * @param value without what terminals and editors add
 * @param source the setting or file that holds it
 */
record Token(String value, String source) {

  private static final String BYTE_ORDER_MARK = "\ufeff";

  /** Takes out line breaks and a byte order mark. */
  static Token of(String raw, String source) {
    String value = raw.replace(BYTE_ORDER_MARK, "").replace("\r", "").replace("\n", "").strip();
    return new Token(value, source);
  }

  /** The header that carries it. */
  String header() throws Refusal {
    if (value.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new Refusal(source + " holds a character that no token has");
    }
    return "Bearer " + value;
  }

  @Override
  public String toString() {
    return "a token of " + source;
  }
}
