package org.zeroseg.examples.serve;

import com.google.gson.JsonObject;
import org.zeroseg.core.file.PlainText;

/** A request that is not answered as asked, and what is wrong with it. */
final class Refusal extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** Characters of what was found that messages repeat. */
  private static final int LONGEST = 200;

  private final int status;
  private final String field;
  private final String expected;
  private final String found;

  /**
   * A refusal.
   *
   * @param status of HTTP
   * @param field what is wrong: a field of the request, or a header
   * @param expected there
   * @param found there; empty if there is nothing
   */
  Refusal(int status, String field, String expected, String found) {
    super(field + ": expected " + expected + (found.isEmpty() ? "" : "; found " + shown(found)));
    this.status = status;
    this.field = field;
    this.expected = expected;
    this.found = shown(found);
  }

  /** A field with a wrong value. */
  static Refusal of(String field, String expected, String found) {
    return new Refusal(400, field, expected, found);
  }

  private static String shown(String text) {
    String line = PlainText.line(text.substring(0, Math.min(text.length(), LONGEST)));
    return text.length() > LONGEST ? line + "..." : line;
  }

  Answer answer() {
    Answer answer = error(status, field, expected, found, getMessage());
    return switch (status) {
      case 401 -> answer.with("WWW-Authenticate", "Bearer");
      case 429, 503 -> answer.with("Retry-After", "2");
      default -> answer;
    };
  }

  /** What all errors look like. */
  static Answer error(int status, String field, String expected, String found, String message) {
    JsonObject error = new JsonObject();
    error.addProperty("status", status);
    error.addProperty("field", field);
    error.addProperty("expected", expected);
    error.addProperty("found", found);
    error.addProperty("message", message);
    JsonObject body = new JsonObject();
    body.add("error", error);
    return Answer.json(status, body.toString());
  }
}
