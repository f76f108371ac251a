// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Json} from "cryptlet/Json.sol";
import {Price} from "./Price.sol";

/// @notice Where bid and ask stand in each provider's answer.
library Source {
    /// @dev Where `price` is zero, `fault` is the code of the first fault. `answerReference` is JSON, maybe `null`.
    struct Reading {
        string id;
        string answerReference;
        uint256 price;
        uint256 receivedAt;
        string fault;
        bool outlier;
    }

    /// @dev Items of a trading pair's ticker.
    uint256 private constant BITFINEX_ITEMS = 10;

    function count() internal pure returns (uint256) {
        return 3;
    }

    function idOf(uint256 i) internal pure returns (string memory) {
        return i == 0 ? "gold-api" : i == 1 ? "kraken" : "bitfinex";
    }

    function urlOf(uint256 i) internal pure returns (string memory) {
        if (i == 0) return "https://api.gold-api.com/price/XAU";
        if (i == 1) return "https://api.kraken.com/0/public/Ticker?pair=PAXGUSD";
        return "https://api-pub.bitfinex.com/v2/ticker/tXAUT:USD";
    }

    /// @param answer JSON of one answer of `http.all`.
    function read(uint256 i, string memory answer) internal view returns (Reading memory reading) {
        reading.id = idOf(i);
        reading.answerReference = "null";
        if (Json.get(answer, "/ok").kind != Json.Kind.True) {
            reading.fault = Json.text(answer, "/error/code");
            return reading;
        }
        reading.answerReference = Json.get(answer, "/reference").text;
        reading.receivedAt = Json.whole(answer, "/receivedAt");
        if (Json.whole(answer, "/status") != 200) {
            reading.fault = "SOURCE_STATUS";
            return reading;
        }
        (string memory bid, string memory ask, string memory fault) = quote(
            i,
            Json.text(answer, "/body")
        );
        if (bytes(fault).length > 0) {
            reading.fault = fault;
            return reading;
        }
        (reading.price, reading.fault) = priceOf(bid, ask);
    }

    function priceOf(
        string memory bidText,
        string memory askText
    ) private pure returns (uint256, string memory fault) {
        uint256 bid;
        uint256 ask;
        (bid, fault) = Price.parse(bidText);
        if (bytes(fault).length > 0) return (0, fault);
        (ask, fault) = Price.parse(askText);
        if (bytes(fault).length > 0) return (0, fault);
        if (bid > ask) return (0, "PRICE_CROSSED");
        return (Price.middle(bid, ask), "");
    }

    function quote(
        uint256 i,
        string memory body
    ) private view returns (string memory bid, string memory ask, string memory fault) {
        if (i == 0) return goldApi(body);
        if (i == 1) return kraken(body);
        return bitfinex(body);
    }

    function goldApi(
        string memory body
    ) private view returns (string memory, string memory, string memory) {
        Json.Value memory symbol = Json.get(body, "/symbol");
        bool fits = symbol.kind == Json.Kind.Text && keccak256(bytes(symbol.text)) == keccak256("XAU");
        return pair(fits, body, "/price", "/price", Json.Kind.Number);
    }

    function kraken(
        string memory body
    ) private view returns (string memory, string memory, string memory) {
        Json.Value memory errors = Json.get(body, "/error");
        if (errors.kind != Json.Kind.List) return ("", "", "SOURCE_SHAPE");
        if (errors.count > 0) return ("", "", "SOURCE_REPORTED_ERROR");
        // A path leads into objects with a key "0" too, and lists are meant.
        bool fits = Json.get(body, "/result/PAXGUSD/b").kind == Json.Kind.List &&
            Json.get(body, "/result/PAXGUSD/a").kind == Json.Kind.List;
        return pair(fits, body, "/result/PAXGUSD/b/0", "/result/PAXGUSD/a/0", Json.Kind.Text);
    }

    function bitfinex(
        string memory body
    ) private view returns (string memory, string memory, string memory) {
        Json.Value memory root = Json.get(body, "");
        if (root.kind != Json.Kind.List) return ("", "", "SOURCE_SHAPE");
        Json.Value memory first = Json.get(body, "/0");
        if (first.kind == Json.Kind.Text && keccak256(bytes(first.text)) == keccak256("error"))
            return ("", "", "SOURCE_REPORTED_ERROR");
        return pair(root.count >= BITFINEX_ITEMS, body, "/0", "/2", Json.Kind.Number);
    }

    function pair(
        bool fits,
        string memory body,
        string memory bidAt,
        string memory askAt,
        Json.Kind kind
    ) private view returns (string memory, string memory, string memory) {
        if (!fits) return ("", "", "SOURCE_SHAPE");
        Json.Value memory bid = Json.get(body, bidAt);
        Json.Value memory ask = Json.get(body, askAt);
        if (bid.kind != kind || ask.kind != kind) return ("", "", "SOURCE_SHAPE");
        return (bid.text, ask.text, "");
    }
}
