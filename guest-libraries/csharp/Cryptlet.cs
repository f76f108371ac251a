using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace CryptletFabric
{
    /// <summary>Ends a run with a code of the fabric's catalogue and its arguments.</summary>
    public sealed class Refusal : Exception
    {
        public readonly string Code;
        public readonly Dictionary<string, object> Arguments = new Dictionary<string, object>();

        public Refusal(string code) : base(code)
        {
            Code = code;
        }

        public Refusal With(string name, object value)
        {
            Arguments[name] = Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture);
            return this;
        }

        internal Dictionary<string, object> ToJson()
        {
            return new Dictionary<string, object> { { "code", Code }, { "arguments", Arguments } };
        }
    }

    /// <summary>What the enclave does for a run: lines of JSON over standard input and output.</summary>
    public sealed class Host
    {
        readonly TextReader input;
        readonly TextWriter output;

        internal Host(TextReader input, TextWriter output)
        {
            this.input = input;
            this.output = output;
        }

        /// <summary>Any host call; gives what the enclave answered, and throws the refusal that it answered with.</summary>
        public object Call(Dictionary<string, object> request)
        {
            Write("call", request);
            var answer = (Dictionary<string, object>)Read("answer");
            if (!answer.ContainsKey("error")) return answer["ok"];
            var error = (Dictionary<string, object>)answer["error"];
            var refusal = new Refusal((string)error["code"]);
            foreach (var argument in (Dictionary<string, object>)error["arguments"])
                refusal.With(argument.Key, argument.Value);
            throw refusal;
        }

        /// <summary>Answers in the order of the requests; each has "ok".</summary>
        public List<object> HttpAll(List<object> requests)
        {
            var call = new Dictionary<string, object> { { "op", "http.all" }, { "requests", requests } };
            return (List<object>)Call(call);
        }

        public void Log(string level, string message)
        {
            Call(new Dictionary<string, object> { { "op", "log" }, { "level", level }, { "message", message } });
        }

        /// <summary>ms since epoch.</summary>
        public long Now()
        {
            var now = (JsonNumber)Call(new Dictionary<string, object> { { "op", "time.now" } });
            return long.Parse(now.Text, System.Globalization.CultureInfo.InvariantCulture);
        }

        internal object Read(string name)
        {
            var line = input.ReadLine();
            if (line == null) throw new InvalidOperationException("the enclave said no more");
            return ((Dictionary<string, object>)Json.Parse(line))[name];
        }

        internal void Write(string name, object content)
        {
            output.Write(Json.Write(new Dictionary<string, object> { { name, content } }) + "\n");
            output.Flush();
        }
    }

    /// <summary>A Cryptlet in C#: one program, one run.</summary>
    /// <example><code>static void Main() { Cryptlet.Serve((trigger, host) => observation); }</code></example>
    public static class Cryptlet
    {
        /// <summary>Serves the one run of this program; <paramref name="run"/> gives the observation.</summary>
        public static void Serve(Func<Dictionary<string, object>, Host, Dictionary<string, object>> run)
        {
            var utf8 = new UTF8Encoding(false);
            var output = new StreamWriter(Console.OpenStandardOutput(), utf8);
            // A stray WriteLine would break the protocol.
            Console.SetOut(Console.Error);
            var host = new Host(new StreamReader(Console.OpenStandardInput(), utf8), output);
            var trigger = (Dictionary<string, object>)host.Read("trigger");
            var outcome = new Dictionary<string, object>();
            try
            {
                outcome["ok"] = new Dictionary<string, object> { { "observation", run(trigger, host) } };
            }
            catch (Refusal refusal)
            {
                outcome["error"] = refusal.ToJson();
            }
            catch (Exception error)
            {
                var reason = error.GetType().Name + ": " + error.Message;
                outcome["error"] = new Refusal("CRYPTLET_FAILED").With("reason", reason).ToJson();
            }
            host.Write("outcome", outcome);
        }
    }
}
