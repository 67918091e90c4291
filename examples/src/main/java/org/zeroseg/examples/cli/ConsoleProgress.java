package org.zeroseg.examples.cli;

import java.io.Console;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.zeroseg.core.Progress;
import org.zeroseg.core.file.PlainText;

/**
 * A bar on the terminal for what takes over two seconds; nothing where the output is not a
 * terminal.
 */
final class ConsoleProgress implements Progress, AutoCloseable {

  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(2);

  private final boolean terminal = terminal();
  private String task = "";
  private String detail = "";
  private long since;
  private ProgressBar bar;

  /** Before Java 22 there is a console only where there is a terminal; since then it says. */
  @SuppressWarnings("SystemConsoleNull")
  private static boolean terminal() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException e) {
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }

  @Override
  public void update(String name, long done, long total) {
    update(name, "", done, total);
  }

  @Override
  public synchronized void update(String name, String now, long done, long total) {
    detail = now;
    if (!terminal) {
      return;
    }
    if (!name.equals(task)) {
      finish();
      task = name;
      since = System.nanoTime();
    }
    if (bar == null && System.nanoTime() - since > PATIENCE) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.ASCII)
              .build();
    }
    if (bar != null) {
      bar.maxHint(total);
      bar.setExtraMessage(PlainText.line(now));
      bar.stepTo(done);
    }
  }

  /** Whether there is a terminal to show it on. */
  boolean isShown() {
    return terminal;
  }

  /** What was said last beside the numbers. */
  synchronized String detail() {
    return detail;
  }

  /** Ends the bar, so that what is printed next has a line of its own. */
  synchronized void finish() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
    task = "";
  }

  @Override
  public void close() {
    finish();
  }
}
