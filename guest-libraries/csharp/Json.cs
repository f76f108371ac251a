using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace CryptletFabric
{
    /// <summary>A number of JSON as its text: prices are no floats.</summary>
    public sealed class JsonNumber
    {
        public readonly string Text;

        public JsonNumber(string text)
        {
            Text = text;
        }
    }

    /// <summary>Text that is no JSON.</summary>
    public sealed class JsonInvalid : Exception
    {
        public JsonInvalid(string message) : base(message) { }
    }

    /// <summary>
    /// JSON (RFC 8259), strictly: objects are Dictionary, lists List, texts string, numbers JsonNumber, then bool and
    /// null. A key stands once; no value lies inside more than 32 containers.
    /// </summary>
    public sealed class Json
    {
        public const int MaxDepth = 32;

        readonly string text;
        int at;

        Json(string text)
        {
            this.text = text;
        }

        public static object Parse(string text)
        {
            var reader = new Json(text);
            var value = reader.Value(0);
            reader.Blanks();
            if (reader.at < text.Length) throw reader.Invalid("something stands behind the value");
            return value;
        }

        /// <summary>One line of ASCII. Takes what Parse gives, and int, long.</summary>
        public static string Write(object value)
        {
            var output = new StringBuilder();
            Write(output, value);
            return output.ToString();
        }

        JsonInvalid Invalid(string reason)
        {
            return new JsonInvalid(reason + " at " + at);
        }

        void Blanks()
        {
            while (at < text.Length && " \t\n\r".IndexOf(text[at]) >= 0) at += 1;
        }

        bool Is(char character)
        {
            return at < text.Length && text[at] == character;
        }

        bool Skip(char character)
        {
            Blanks();
            if (!Is(character)) return false;
            at += 1;
            return true;
        }

        void Need(char character)
        {
            if (!Skip(character)) throw Invalid("'" + character + "' should stand here");
        }

        object Value(int depth)
        {
            if (depth > MaxDepth) throw Invalid("the nesting is too deep");
            if (Skip('{')) return Members(depth + 1);
            if (Skip('[')) return Elements(depth + 1);
            if (Is('"')) return String();
            if (Word("null")) return null;
            if (Word("true")) return true;
            if (Word("false")) return false;
            return Number();
        }

        bool Word(string word)
        {
            if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0) return false;
            at += word.Length;
            return true;
        }

        Dictionary<string, object> Members(int depth)
        {
            var members = new Dictionary<string, object>(StringComparer.Ordinal);
            if (Skip('}')) return members;
            do
            {
                Blanks();
                if (!Is('"')) throw Invalid("a key should stand here");
                var key = String();
                if (members.ContainsKey(key)) throw Invalid("a key stands twice");
                Need(':');
                members.Add(key, Value(depth));
            } while (Skip(','));
            Need('}');
            return members;
        }

        List<object> Elements(int depth)
        {
            var list = new List<object>();
            if (Skip(']')) return list;
            do list.Add(Value(depth));
            while (Skip(','));
            Need(']');
            return list;
        }

        char Next()
        {
            if (at >= text.Length) throw Invalid("the text breaks off");
            at += 1;
            return text[at - 1];
        }

        string String()
        {
            var output = new StringBuilder();
            at += 1;
            for (;;)
            {
                var character = Next();
                if (character == '"') return output.ToString();
                if (character < ' ') throw Invalid("a control character");
                output.Append(character == '\\' ? Escape() : character);
            }
        }

        char Escape()
        {
            var character = Next();
            var named = "\"\\/bfnrt".IndexOf(character);
            if (named >= 0) return "\"\\/\b\f\n\r\t"[named];
            if (character != 'u') throw Invalid("an unknown escape");
            var unit = 0;
            for (var digits = 0; digits < 4; digits += 1)
            {
                var digit = "0123456789abcdefABCDEF".IndexOf(Next());
                if (digit < 0) throw Invalid("an escape without four hex digits");
                unit = unit * 16 + (digit > 15 ? digit - 6 : digit);
            }
            return (char)unit;
        }

        bool Digits()
        {
            var from = at;
            while (at < text.Length && text[at] >= '0' && text[at] <= '9') at += 1;
            return at > from;
        }

        JsonNumber Number()
        {
            var from = at;
            if (Is('-')) at += 1;
            if (Is('0')) at += 1;
            else if (!Digits()) throw Invalid("a value should stand here");
            if (Is('.'))
            {
                at += 1;
                if (!Digits()) throw Invalid("a digit should stand here");
            }
            if (Is('e') || Is('E'))
            {
                at += 1;
                if (Is('+') || Is('-')) at += 1;
                if (!Digits()) throw Invalid("a digit should stand here");
            }
            return new JsonNumber(text.Substring(from, at - from));
        }

        static void Write(StringBuilder output, object value)
        {
            var members = value as IDictionary<string, object>;
            var text = value as string;
            var number = value as JsonNumber;
            var list = value as IEnumerable;
            if (members != null)
            {
                var between = "{";
                foreach (var member in members)
                {
                    output.Append(between);
                    Quote(output, member.Key);
                    output.Append(':');
                    Write(output, member.Value);
                    between = ",";
                }
                output.Append(members.Count == 0 ? "{}" : "}");
            }
            else if (text != null) Quote(output, text);
            else if (number != null) output.Append(number.Text);
            else if (list != null)
            {
                var between = "[";
                foreach (var item in list)
                {
                    output.Append(between);
                    Write(output, item);
                    between = ",";
                }
                output.Append(between == "[" ? "[]" : "]");
            }
            else if (value == null) output.Append("null");
            else if (value is bool) output.Append((bool)value ? "true" : "false");
            else if (value is int || value is long)
                output.Append(Convert.ToInt64(value).ToString(CultureInfo.InvariantCulture));
            else throw new ArgumentException("not a value of JSON: " + value.GetType());
        }

        static void Quote(StringBuilder output, string text)
        {
            output.Append('"');
            foreach (var character in text)
            {
                if (character == '"' || character == '\\') output.Append('\\').Append(character);
                else if (character >= ' ' && character < 127) output.Append(character);
                else output.Append("\\u").Append(((int)character).ToString("x4", CultureInfo.InvariantCulture));
            }
            output.Append('"');
        }
    }
}
