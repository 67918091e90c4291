@echo off
rem Runs the command line; builds it first where it is missing.
setlocal
set "HOME_DIR=%~dp0"
set "JAR=%HOME_DIR%examples\target\zeroseg.jar"
if not exist "%JAR%" (
  echo Building zeroseg ^(once; Maven fetches what is missing^) ... 1>&2
  call mvn -q -B -ntp -f "%HOME_DIR%pom.xml" -pl examples -am -DskipTests package 1>&2 || exit /b 1
)
java -XX:+UseParallelGC %ZEROSEG_JAVA_OPTS% -jar "%JAR%" %*
