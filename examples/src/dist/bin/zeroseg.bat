@echo off
rem Runs the command line where it was unpacked: by the runtime inside, else JAVA_HOME's, else the first on the path.
setlocal
set "ROOT=%~dp0.."
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java"
if exist "%ROOT%\jre\bin\java.exe" set "JAVA=%ROOT%\jre\bin\java"
"%JAVA%" -XX:+UseParallelGC %ZEROSEG_JAVA_OPTS% -jar "%ROOT%\zeroseg.jar" %*
