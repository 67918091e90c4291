package org.zeroseg.clip.text;

import java.text.Normalizer;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The clean-up that CLIP's tokenizer starts with: what ftfy 6.3 does with its default options
 * (Robyn Speer, Apache-2.0), so that text copied from anywhere gets the tokens that CLIP was
 * trained with.
 */
final class TextFixing {

  /** Latin ligatures and digraphs that a font or an old encoding made, not the writer. */
  private static final Map<String, String> LIGATURES =
      Stream.of(
              "\u0132=IJ \u0133=ij \u0149=\u02bcn \u01f1=DZ \u01f2=Dz \u01f3=dz",
              "\u01c4=D\u017d \u01c5=D\u017e \u01c6=d\u017e \u01c7=LJ \u01c8=Lj \u01c9=lj",
              "\u01ca=NJ \u01cb=Nj \u01cc=nj \ufb00=ff \ufb01=fi \ufb02=fl \ufb03=ffi \ufb04=ffl",
              "\ufb05=\u017ft \ufb06=st")
          .flatMap(line -> Stream.of(line.split(" ", -1)))
          .map(pair -> pair.split("=", -1))
          .collect(Collectors.toUnmodifiableMap(pair -> pair[0], pair -> pair[1]));

  private static final Pattern LIGATURE =
      Pattern.compile("[" + String.join("", LIGATURES.keySet()) + "]");
  private static final Pattern WIDTH_FORM = Pattern.compile("[\u3000\uff01-\uffef]");
  private static final Pattern DOUBLE_QUOTE = Pattern.compile("[\u201c-\u201f]");
  private static final Pattern SINGLE_QUOTE = Pattern.compile("[\u02bc\u2018-\u201b]");
  private static final Pattern LINE_BREAK = Pattern.compile("\r\n|[\r\u2028\u2029\u0085]");
  private static final Pattern LONE_SURROGATE = Pattern.compile("[\ud800-\udfff]");
  private static final Pattern TERMINAL_ESCAPE = Pattern.compile("\u001b\\[[\\p{Nd};]*[a-zA-Z]");
  private static final Pattern CONTROL =
      Pattern.compile("[\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]");

  private TextFixing() {}

  /** Fixes a text line by line. */
  static String fix(String text) {
    if (text.chars().allMatch(c -> (c >= ' ' && c < 0x7f && c != '&') || c == '\n')) {
      return text;
    }
    StringBuilder fixed = new StringBuilder(text.length());
    boolean entities = true;
    for (int start = 0; start < text.length(); ) {
      int end = text.indexOf('\n', start) + 1;
      String segment = text.substring(start, end == 0 ? text.length() : end);
      start += segment.length();
      // Text with tags is markup, in which entities are meant; so is all that follows it.
      entities &= segment.indexOf('<') < 0;
      fixed.append(fixSegment(segment, entities));
    }
    return fixed.toString();
  }

  private static String fixSegment(String segment, boolean entities) {
    String before = segment;
    while (true) {
      String text = entities ? HtmlEntities.unescapeClosed(before) : before;
      text = Mojibake.repair(text);
      text = Mojibake.fixC1(text);
      text = LIGATURE.matcher(text).replaceAll(found -> LIGATURES.get(found.group()));
      text = WIDTH_FORM.matcher(text).replaceAll(found -> plain(found.group()));
      text = DOUBLE_QUOTE.matcher(text).replaceAll("\"");
      text = SINGLE_QUOTE.matcher(text).replaceAll("'");
      text = LINE_BREAK.matcher(text).replaceAll("\n");
      text = LONE_SURROGATE.matcher(text).replaceAll("\ufffd");
      text = TERMINAL_ESCAPE.matcher(text).replaceAll("");
      text = CONTROL.matcher(text).replaceAll("");
      text = Normalizer.normalize(text, Normalizer.Form.NFC);
      if (text.equals(before)) {
        return text;
      }
      before = text;
    }
  }

  /** The full-width and half-width forms are compatibility forms of what they mean. */
  private static String plain(String form) {
    return Matcher.quoteReplacement(Normalizer.normalize(form, Normalizer.Form.NFKC));
  }
}
