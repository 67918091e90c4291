package org.zeroseg.examples.cli;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import org.zeroseg.core.file.PlainText;

/** A terminal's writer that passes on text and line breaks, and spells out what would steer it. */
final class Plain extends FilterWriter {

  private Plain(Writer terminal) {
    super(terminal);
  }

  static PrintWriter writer(PrintWriter terminal) {
    return new PrintWriter(new Plain(terminal), true);
  }

  @Override
  public void write(int letter) throws IOException {
    write(String.valueOf((char) letter), 0, 1);
  }

  @Override
  public void write(char[] letters, int offset, int length) throws IOException {
    out.write(PlainText.lines(new String(letters, offset, length)));
  }

  @Override
  public void write(String text, int offset, int length) throws IOException {
    out.write(PlainText.lines(text.substring(offset, offset + length)));
  }
}
